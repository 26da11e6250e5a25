import { BpfilterError } from '../../protocol/error.ts';
import type { EntryForm } from '../blob/entry-form.ts';
import type { FormBook } from '../blob/form-book.ts';
import type { BlobView } from '../blob/view.ts';
import { bpfOf } from '../extension.ts';
import type { Rule } from '../ir.ts';
import type { ExtensionLookup } from '../nft/context.ts';
import { findMoves, moveBytes } from './moves.ts';
import { compileRule } from './rule.ts';
import type { CompiledRule } from './rule-records.ts';

/** What rules of a form become that lead to the same chain, if any. */
interface Pattern {
  /** Of the first one that was met, and its own numbers. */
  readonly rule: CompiledRule;
  readonly numbers: readonly (number | undefined)[];
  /** For all of them, once another one was met; `none` where they are to be compiled one by one. */
  moved?: CompiledRule | 'none';
}

/** So many are kept even of a small table. */
const FEW = 1000;

/**
 * What rules became, for as long as a table has them; one for each table, kept by the caller. A rule is compiled when it is
 * the first of its form. With the second one it is found out which bytes of the records are the entries' own
 * (`CompiledRule.moves`), and all others of the form are the same rule.
 */
export class CompiledRules {
  #book: FormBook | undefined;
  /** By the form's number, and the chain. */
  readonly #patterns: Map<string | undefined, Pattern>[] = [];
  #count = 0;
  /** Those that are no others' pattern, by their keys. */
  readonly #alone = new Map<string, CompiledRule>();

  /** Throws as `compileRule`. */
  of(source: BlobView, index: number, lookup: ExtensionLookup): CompiledRule {
    const form = source.forms[index];
    if (form === undefined || form.number < 0) return this.#ofOne(source, index, lookup);
    const chain = form.jumps ? source.jump(index) : undefined;
    const known = this.#patterns[form.number]?.get(chain);
    if (known === undefined) return this.#enter(source, index, lookup, form, chain);
    if (form.own.length === 0) return known.rule;
    if (known.moved === undefined && isAs(known, source, index, form)) return known.rule;
    known.moved ??= patternOf(known.rule, source, index, form, lookup);
    return known.moved === 'none' ? this.#ofOne(source, index, lookup) : known.moved;
  }

  /** To be called before the rules of a table are asked for: forgets what most tables before had and it hasn't. */
  begin({ book, offsets, key }: BlobView): void {
    const most = 2 * offsets.length + FEW;
    if (book !== this.#book || this.#count > most) {
      this.#book = book;
      this.#patterns.length = 0;
      this.#count = 0;
    }
    if (this.#alone.size <= most) return;
    const used = new Set(Array.from(offsets, (_, index) => key(index)));
    for (const one of this.#alone.keys()) if (!used.has(one)) this.#alone.delete(one);
  }

  #enter(
    source: BlobView,
    index: number,
    lookup: ExtensionLookup,
    form: EntryForm,
    chain: string | undefined,
  ): CompiledRule {
    const rule = compileRule(source.rule(index), lookup);
    const patterns = this.#patterns[form.number] ?? new Map<string | undefined, Pattern>();
    patterns.set(chain, { rule, numbers: numbersOf(source, index, form) });
    this.#patterns[form.number] = patterns;
    this.#count += 1;
    return rule;
  }

  #ofOne(source: BlobView, index: number, lookup: ExtensionLookup): CompiledRule {
    const key = source.key(index);
    const rule = this.#alone.get(key) ?? compileRule(source.rule(index), lookup);
    this.#alone.set(key, rule);
    return rule;
  }
}

function numbersOf({ words, offsets }: BlobView, index: number, { own }: EntryForm): readonly (number | undefined)[] {
  return own.map(({ at }) => words[((offsets[index] ?? 0) + at) / 4]);
}

function isAs({ numbers }: Pattern, source: BlobView, index: number, form: EntryForm): boolean {
  return numbersOf(source, index, form).every((number, at) => number === numbers[at]);
}

/** What rules of a form become, their own numbers apart, by one of them; `first` is what another one became. */
function patternOf(
  first: CompiledRule,
  source: BlobView,
  index: number,
  { own }: EntryForm,
  lookup: ExtensionLookup,
): CompiledRule | 'none' {
  const rule = source.rule(index);
  if (comparesPortsTwice(rule, lookup) && own.some(({ kind }) => typeof kind === 'object')) return 'none';
  try {
    const moves = findMoves(rule, own, (one) => compileRule(one, lookup));
    if (moves === undefined) return 'none';
    const records = Uint8Array.from(first.records);
    moveBytes(moves, source.entries, source.offsets[index] ?? 0, records, 0);
    return Buffer.compare(records, compileRule(rule, lookup).records) === 0 ? { ...first, moves } : 'none';
  } catch (error) {
    if (error instanceof BpfilterError) return 'none';
    throw error;
  }
}

/** Whether what one match asks for of the ports hangs on what another one does: the same port twice is asked for once. */
function comparesPortsTwice({ header, matches }: Rule, lookup: ExtensionLookup): boolean {
  const reading = matches.filter(({ name, revision, data }) => {
    const found = lookup.findMatch(name, revision);
    return bpfOf(found.definition, found.revision.decode(data), { header }).transport !== undefined;
  });
  return reading.length > 1;
}
