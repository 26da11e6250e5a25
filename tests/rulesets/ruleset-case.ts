import type { PacketCase } from '../packets/case.ts';
import type { renamed } from './renamed.ts';

/** A ruleset and flows for it. */
export interface RulesetCase extends PacketCase {
  /** Parts of rules that must have counted packets: else the flows miss what they are for. */
  readonly counted: readonly string[];
}

/** A case for devices of other names. */
export type DeviceCase = RulesetCase & ReturnType<typeof renamed>;
