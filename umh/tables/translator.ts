import type { BlobView } from '../../rules/blob/view.ts';
import type { NftDocument } from '../../rules/nft/json.ts';
import type { ListedChain } from '../../rules/nft/listing.ts';
import type { Version } from '../store/table-file.ts';
import type { TableId } from '../table-id.ts';

/** What a table in nftables is made of, as far as the translator needs it for the next change. */
export interface InForce {
  readonly view: BlobView;
  readonly version: Version;
  /** The rule id of each entry; 0 for none. */
  readonly ids: Uint32Array;
  readonly nextId: number;
}

/** A document that puts a table in force, and what the table is then. */
export interface Translation {
  readonly document: NftDocument;
  readonly inForce: InForce;
}

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
  /** The name of a table in nftables. */
  nftName(id: TableId): string;
  /** Makes the table anew, at generation 1; the document fails when the kernel has one of its name. */
  install(id: TableId, view: BlobView, instance: string): Translation;
  /** Makes the table anew in the place of what the kernel has under its name; the document fails when it has none. */
  reinstall(id: TableId, view: BlobView, instance: string): Translation;
  /** How many rules in nftables each entry has; by its id. */
  rulesOf(id: TableId, inForce: InForce): ReadonlyMap<number, number>;
  /** The next generation from the present one; the document fails when the kernel has another. */
  change(id: TableId, options: ChangeOptions): Translation;
  /** Takes tables away as they are. */
  remove(ids: readonly TableId[]): NftDocument;
  /** Which version of a table the chains of its family show. */
  versionIn(id: TableId, chains: readonly ListedChain[]): KernelVersion;
}

/** What the kernel has under a table's name: nothing, a version of ours, or something else. */
export type KernelVersion =
  | { readonly kind: 'none' }
  | { readonly kind: 'ours'; readonly version: Version }
  | { readonly kind: 'foreign' };
