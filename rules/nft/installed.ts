import type { PlannedChain } from './plan.ts';

/** An entry that is in the kernel. */
export interface InstalledEntry {
  /** Names its counter `r<ID>`; never used again within an instance. */
  readonly id: number;
  readonly key: string;
  /** Names of limit objects and chains that belong to it. */
  readonly owned?: readonly string[];
}

export interface InstalledChain {
  readonly kind: 'builtin' | 'user';
  readonly name: string;
  /** The policy or closing RETURN last. */
  readonly entries: readonly InstalledEntry[];
  /** What it was made from. */
  readonly planned: PlannedChain;
}

/** What an nft table of ours holds; enough to change it. */
export interface InstalledTable {
  /** The iptables table's name. */
  readonly name: string;
  readonly nftTable: string;
  readonly instance: string;
  readonly generation: number;
  /** Every id in use is below. */
  readonly nextId: number;
  readonly chains: readonly InstalledChain[];
  /** Chains are written out where rules jump to them: it can't be changed rule by rule. */
  readonly isWrittenOut: boolean;
  /** Names of shared guard chains. */
  readonly guards: readonly string[];
}
