import type { NftFamily } from '../../protocol/family.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import type { AddedHandles } from '../dataplane/data-plane.ts';
import type { Version } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';
import type { HandleBook } from './handle-book.ts';

/** What a table in nftables is made of, as far as the translator needs it for the next change. */
export interface InForce {
  readonly view: BlobView;
  readonly version: Version;
  /** The table of nftables that it stands in. */
  readonly nftTable: string;
  /** The rule id of each entry; 0 for none. */
  readonly ids: Uint32Array;
  readonly nextId: number;
}

/** A document that puts a table in force, and what the table is then. */
export interface Translation {
  readonly document: NftDocument;
  readonly inForce: InForce;
}

/** What is left in nftables of a table that somebody has taken away. */
export type Remains = 'nothing' | 'a part';

export interface ChangeOptions {
  readonly from: InForce;
  readonly to: BlobView;
  /** Ids of counters that rules long gone left behind. */
  readonly garbage: readonly number[];
  /** The rule handles of each id, when the change needs ones that aren't known. */
  readonly handles: () => ReadonlyMap<number, readonly number[]>;
}

/** From tables as blobs to documents for nft, and back from what is listed. All throw BpfilterError for what can't be expressed. */
export interface Translator {
  /** Makes the table anew, at generation 1; the document fails when the kernel has one of its name. */
  install(id: TableId, view: BlobView, instance: string): Translation;
  /**
   * Makes a table anew that somebody has taken out of force, in the place of what remains under its name; the
   * document fails when something else remains than `remains` says.
   */
  restore(id: TableId, inForce: InForce, instance: string, remains: Remains): Translation;
  /** The next generation, made anew under another name in nftables; the document fails when the kernel has another generation. */
  anew(id: TableId, from: InForce, to: BlobView): Translation;
  /** How many rules in nftables each entry has; by its id. */
  rulesOf(id: TableId, inForce: InForce): ReadonlyMap<number, number>;
  /** The next generation from the present one; the document fails when the kernel has another. */
  change(id: TableId, options: ChangeOptions): Translation;
  /** A document has taken effect; `handles` of the rules it added, where they are known. */
  tookEffect(translation: Translation, handles: AddedHandles | undefined): void;
  /** The rule handles of a table in force, as far as they are known. */
  handlesOf(inForce: InForce): HandleBook | undefined;
  /** What carries a table. */
  carrierOf(id: TableId, inForce: InForce): Carrier;
  /** Takes tables of nftables away as they are. */
  remove(family: NftFamily, nftTables: readonly string[]): NftDocument;
  /** Every name that a table may have in nftables: ours alone, the usual one first, and those that others use too. */
  nftNames(id: TableId): { readonly own: readonly string[]; readonly shared: readonly string[] };
  /** Which version of a table the chains of its family show. */
  versionIn(id: TableId, chains: readonly ListedChain[]): KernelVersion;
}

/** What carries a table's rules, and why it does. */
export interface Carrier {
  readonly name: 'nft' | 'bpf';
  readonly reason: string;
}

/**
 * What the kernel has under a table's name: nothing, a version of ours, what somebody has left of one under a name
 * that others use too, or something else.
 */
export type KernelVersion =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly version: Version; readonly nftTable: string }
  | { readonly kind: 'rest'; readonly nftTable: string }
  | { readonly kind: 'foreign' };
