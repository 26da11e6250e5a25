/** A number that an entry has for itself; all else is the same in every entry of its form. */
export interface OwnNumber {
  /** Bytes from the entry's start. */
  readonly at: number;
  /**
   * An address, under a mask that is the form's. Or a port, as a range of one: u16 twice, in the struct of the match that is
   * the `match`th of the rule, `offset` bytes from its start.
   */
  readonly kind: 'source' | 'destination' | { readonly match: number; readonly offset: number };
}

/** What all entries of a form have in common (form-book.ts). */
export class EntryForm {
  /** As many words as an entry has, of the one it was found in first, and which of their bits count. */
  readonly words: Uint32Array;
  readonly counts: Uint32Array;
  /** Words that lie under a mask of the form's, all of their bits. */
  readonly addresses: readonly { readonly word: number; readonly mask: number }[];
  /** Words whose halves are equal. */
  readonly ports: readonly number[];
  readonly own: readonly OwnNumber[];
  /** Bytes from an entry's start to its target. */
  readonly target: number;
  /** The word of the verdict, of an entry with the standard target; else -1. */
  readonly verdict: number;
  /** It jumps, or goes on with the next entry: any of such verdicts is alike. */
  readonly jumps: boolean;
  /** The head of a chain, or the table's end. */
  readonly isHead: boolean;
  readonly isUnconditional: boolean;
  /** Its place in the book; -1 where it is in none, and stands for its one entry. */
  readonly number: number;
  /** Another one of the same hash. */
  readonly sameHash: EntryForm | undefined;
  #checked = 0;

  constructor(parts: Omit<EntryForm, 'isChecked' | 'setChecked'>) {
    this.words = parts.words;
    this.counts = parts.counts;
    this.addresses = parts.addresses;
    this.ports = parts.ports;
    this.own = parts.own;
    this.target = parts.target;
    this.verdict = parts.verdict;
    this.jumps = parts.jumps;
    this.isHead = parts.isHead;
    this.isUnconditional = parts.isUnconditional;
    this.number = parts.number;
    this.sameHash = parts.sameHash;
  }

  /** Whether the extensions of an entry that these hooks reach were found to be right. */
  isChecked(hooks: number): boolean {
    return ((this.#checked >>> hooks) & 1) === 1;
  }

  setChecked(hooks: number): void {
    this.#checked |= 1 << hooks;
  }
}
