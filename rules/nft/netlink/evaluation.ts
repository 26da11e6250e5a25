import { inNetworkOrder } from './datum.ts';
import type { Operand } from './load.ts';
import { metaKeys } from './meta-keys.ts';
import { comparison } from './numbers.ts';
import type { ProtocolContext } from './protocol-context.ts';
import type { AnonymousSet } from './set-model.ts';
import type { Step } from './step.ts';

/** What a rule has become so far. */
export interface Evaluation {
  readonly steps: Step[];
  readonly protocols: ProtocolContext;
  /** Sets of its own, in the order in which nft makes them. */
  readonly sets: AnonymousSet[];
}

const ARPHRD_ETHER = 1;
const LINK_TYPE = metaKeys.iiftype?.load ?? { kind: 'meta', key: 8 };
const TRANSPORT_PROTOCOL = metaKeys.l4proto?.load ?? { kind: 'meta', key: 16 };

/** `meta l4proto PROTOCOL`. */
export function protocolStep(protocol: number): Step {
  const subject = { load: TRANSPORT_PROTOCOL, size: 1 };
  return { kind: 'compare', subject, op: comparison['=='], value: inNetworkOrder(protocol, 1), mergeable: false };
}

/** Adds the tests that nft puts before the first look at such a field. */
export function require({ protocol, needsProtocol }: Operand, { steps, protocols }: Evaluation): void {
  if (protocol === 'ethernet') {
    if (protocols.linkIsKnown) return;
    protocols.tell(ARPHRD_ETHER, 'link');
    const value = { size: 2, word: ARPHRD_ETHER } as const;
    const subject = { load: LINK_TYPE, size: 2 };
    steps.push({ kind: 'compare', subject, op: comparison['=='], value, mergeable: false });
  } else if (protocol !== undefined && protocols.lacks(protocol)) {
    steps.push(protocolStep(protocol));
    protocols.tell(protocol, 'meta');
  }
  if (needsProtocol === true) protocols.needsAny();
}
