import type { NftDocument } from '../json.ts';
import { ruleEntry } from '../listing.ts';
import { message, messageFlag, ruleAttribute, SUBSYSTEM, TYPE_MASK } from './numbers.ts';

/** struct nlmsghdr and struct nfgenmsg. */
const HEADERS = 20;

/** Each of these takes the next handle of its table where it makes something new (nf_tables_alloc_handle). */
const takesHandle: ReadonlySet<number> = new Set(
  [message.newChain, message.newRule, message.newSet, message.newObject].map((type) => SUBSYSTEM | type),
);

/** The rules that a batch adds, in its order. */
export interface AddedRules {
  /** Of which entry each is. */
  readonly ids: readonly number[];
  /** How many handles the batch has taken before each one's. */
  readonly places: readonly number[];
  /** The rules that the kernel is asked to tell of, by sequence number; one rule may be both. */
  readonly first: EchoedRule;
  readonly last: EchoedRule;
}

interface EchoedRule {
  readonly sequence: number;
  readonly place: number;
}

/**
 * Makes the kernel tell (NLM_F_ECHO) of the first and the last rule that a batch adds. A table numbers what it
 * gets one by one and nobody else can add anything while the batch is worked off (the commit mutex), so two
 * handles tell all those between them: that they lie as far apart as expected is the proof. An echo of every rule
 * would take as much memory as the rules themselves. `undefined`: it adds none.
 */
export function echoAddedRules(bytes: Uint8Array<ArrayBuffer>, { nftables }: NftDocument): AddedRules | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ids: number[] = [];
  const places: number[] = [];
  let place = 0;
  let first: EchoedRule | undefined;
  let last: EchoedRule | undefined;
  let lastAt = 0;
  for (let at = 0; at < bytes.length; at += view.getUint32(at, true)) {
    const type = view.getUint16(at + 4, true);
    if (!takesHandle.has(type)) continue;
    if (type === (SUBSYSTEM | message.newRule)) {
      const sequence = view.getUint32(at + 8, true);
      last = { sequence, place };
      lastAt = at;
      if (first === undefined) {
        first = last;
        echo(view, at);
      }
      const id = idOf(nftables[sequence - 1]);
      if (id !== undefined) {
        ids.push(id);
        places.push(place);
      }
    }
    place += 1;
  }
  if (first === undefined || last === undefined) return undefined;
  echo(view, lastAt);
  return { ids, places, first, last };
}

function echo(view: DataView, at: number): void {
  view.setUint16(at + 6, view.getUint16(at + 6, true) | messageFlag.echo, true);
}

function idOf(command: NftDocument['nftables'][number] | undefined): number | undefined {
  const object = command && ('add' in command ? command.add : 'insert' in command ? command.insert : undefined);
  return object !== undefined && 'rule' in object ? ruleEntry(object.rule) : undefined;
}

/** Takes what the kernel tells of a batch, message by message, and knows in the end which handles its rules got. */
export class EchoReader {
  readonly #added: AddedRules;
  #first: number | undefined;
  #last: number | undefined;

  constructor(added: AddedRules) {
    this.#added = added;
  }

  read(view: DataView<ArrayBuffer>, start: number, length: number): void {
    if (view.getUint16(start + 4, true) !== (SUBSYSTEM | message.newRule)) return;
    const sequence = view.getUint32(start + 8, true);
    const { first, last } = this.#added;
    if (sequence === first.sequence) this.#first = handleIn(view, start, length);
    if (sequence === last.sequence) this.#last = handleIn(view, start, length);
  }

  /** The handle of each of the `ids`; undefined where the kernel told none, or others than expected. */
  handles(): readonly number[] | undefined {
    const { first, last, places } = this.#added;
    if (this.#first === undefined || this.#last === undefined) return undefined;
    const base = this.#first - first.place;
    if (this.#last - last.place !== base) return undefined;
    return places.map((place) => base + place);
  }
}

function handleIn(view: DataView<ArrayBuffer>, start: number, length: number): number | undefined {
  const end = start + length;
  for (let at = start + HEADERS; at + 4 <= end; ) {
    const size = view.getUint16(at, true);
    if (size < 4) return undefined;
    const isHandle = (view.getUint16(at + 2, true) & TYPE_MASK) === ruleAttribute.handle;
    if (isHandle && size === 12 && at + size <= end) return Number(view.getBigUint64(at + 4));
    at += (size + 3) & ~3;
  }
  return undefined;
}
