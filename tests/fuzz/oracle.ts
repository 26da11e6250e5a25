import { BpfilterError, errnoOf } from '../../protocol/error.ts';
import { ipv4 } from '../../protocol/family.ts';
import { parseReplace, parseReplaceHeader } from '../../rules/blob/parse.ts';
import { validateReplace } from '../../rules/blob/validate.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import type { CheckContext, NftContext } from '../../rules/extension.ts';
import { diffTable } from '../../rules/nft/diff.ts';
import { documentFor } from '../../rules/nft/document.ts';
import type { InstalledTable } from '../../rules/nft/installed.ts';
import { compileBatch } from '../../rules/nft/netlink/compile.ts';
import { anyXt } from '../../rules/nft/xt.ts';
import { matches, targets } from '../../rules/registry.gen.ts';
import * as registry from '../../rules/registry.ts';
import { entryDump } from '../../rules/text/entry-dump.ts';
import { listing } from '../../rules/text/listing.ts';
import { noNames } from '../../rules/text/no-names.ts';
import { savedListing } from '../../rules/text/saved-listing.ts';
import { roundTripProblem } from './round-trip.ts';
import type { KnownRevision } from './structs.ts';

/** Something that must never happen; `cause` is what did. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** What became of one input: `kind` tells apart what took another way through the code. */
export interface Verdict {
  /** What the caller would be told; 0: accepted. */
  readonly errno: number;
  readonly kind: string;
}

const knownNames = new Set([...matches, ...targets].map(({ name }) => name));

/** A text may be so many characters for each byte that it was made of, and this many besides. */
const textPerByte = 64;
const textAnyway = 16_384;
/** Messages end up in a log. */
const longestMessage = 2_000;

/** What is thrown, but for our own errors, is a violation. */
function only<Value>(what: string, work: () => Value): Value | BpfilterError {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof BpfilterError))
      throw new Violation(`${what}: threw what is no error of ours`, { cause: error });
    if (!(errnoOf(error) > 0)) throw new Violation(`${what}: no errno`, { cause: error });
    if (error.message.length > longestMessage)
      throw new Violation(`${what}: a message of ${error.message.length} characters`, { cause: error });
    return error;
  }
}

/** Nothing at all may be thrown. */
function never<Value>(what: string, work: () => Value): Value {
  try {
    return work();
  } catch (error) {
    throw new Violation(`${what}: threw`, { cause: error });
  }
}

/**
 * Where a message quotes what the caller called something. A name may hold any byte, and taken as it is each would be a way of its
 * own: the corpus would never be complete.
 */
const quotes = {
  /** `no-such-extension` of rules/registry.ts */
  extension: / (match|target) (.*): no \1 ".*$/s,
  /** rules/blob/where.ts, and how a message goes on behind it */
  chain: /\((rule|policy) .*?\)(?=[:,] \w| [a-z]{2,}\b|$)/gs,
  /** rules/blob/extension-check.ts */
  table: /(only valid in table .*?), not .*$/s,
} as const;

/** The error's way through the code: its text without numbers and names, which differ from blob to blob. */
function shapeOf({ code, message }: BpfilterError): string {
  const text = message
    .replace(quotes.extension, (all, what: string, name: string) =>
      knownNames.has(name) ? all : ` ${what} #: no ${what}`,
    )
    .replace(quotes.table, '$1')
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '#')
    .replaceAll(quotes.chain, '($1)')
    .replaceAll(/ (chain|mask|match|target|table) [^:]*/g, (all, what: string) =>
      knownNames.has(all.slice(what.length + 2)) ? all : ` ${what} #`,
    )
    .replaceAll(/0x[0-9a-f]+|-?\d+/g, '#');
  return `${code} ${text}`.slice(0, 120);
}

function checkText(what: string, text: string, bytes: number): void {
  const most = textAnyway + textPerByte * bytes;
  if (text.length > most) throw new Violation(`${what}: ${text.length} characters of ${bytes} bytes`);
}

/** A table that was accepted, and how it lies in nft where that was looked at. */
export interface Accepted {
  readonly view: BlobView;
  readonly installed?: InstalledTable | undefined;
}

interface BlobOptions {
  /** A table that was accepted before. */
  readonly previous?: Accepted | undefined;
  /** Whether one that is accepted is also listed and translated, which takes ten times as long. */
  readonly deep: boolean;
  /** The length that the caller gives for its request, where it isn't the true one. */
  readonly claimed?: number | undefined;
}

/**
 * A replace request from the bytes to the batch for the kernel and to the listings. Throws `Violation` for anything
 * but an answer.
 */
export function examineBlob(
  bytes: Uint8Array,
  { previous, deep, claimed }: BlobOptions,
): Verdict & { readonly accepted: Accepted | undefined } {
  if (claimed !== undefined && bytes.length >= ipv4.replace.size)
    only('the header', () => parseReplaceHeader(bytes, claimed));
  const found = only('validation', () => validateReplace(parseReplace(bytes), { registry }));
  if (previous !== undefined) checkAfter(previous, bytes, found);
  if (found instanceof BpfilterError) return { errno: errnoOf(found), kind: shapeOf(found), accepted: undefined };
  const problem = never('decoding and encoding', () => roundTripProblem(found, deep));
  if (problem !== undefined) throw new Violation(problem);
  if (!deep) return { errno: 0, kind: 'accepted', accepted: { view: found } };
  const { kind, installed } = examineView(found, previous);
  return { errno: 0, kind, accepted: { view: found, installed } };
}

/** What a table before it spares the validator makes no difference to the answer. */
function checkAfter(previous: Accepted, bytes: Uint8Array, alone: BlobView | BpfilterError): void {
  const options = {
    registry,
    previous: (table: string) => (previous.view.table === table ? previous.view : undefined),
  };
  const found = only('validation after another table', () => validateReplace(parseReplace(bytes), options));
  const differs =
    alone instanceof BpfilterError || found instanceof BpfilterError
      ? String(alone) !== String(found)
      : alone.offsets.some((_, index) => alone.key(index) !== found.key(index));
  if (differs) throw new Violation(`the table before it changes the answer: ${String(alone)} alone, ${String(found)}`);
}

function examineView(view: BlobView, previous: Accepted | undefined): { kind: string; installed?: InstalledTable } {
  const { table, entries, hookEntry, underflow } = view;
  never('the same bytes once more', () => viewTable(table, entries, { hookEntry, underflow }));
  for (let index = 0; index < view.offsets.length; index += 1) never('key', () => view.key(index));
  checkNoRules(view);
  const texts = [
    never('-L', () => listing(view, {}, noNames)),
    never('-L -n -v -x', () => listing(view, { numeric: true, verbose: true, exact: true }, noNames)),
    never('-S', () => savedListing(view, {}, noNames)),
    never('-L -v -v', () => entryDump(view)),
  ];
  for (const text of texts) checkText('a listing', text, entries.length);
  const options = { family: ipv4, xt: anyXt, instance: 'fuzz' };
  const translate = (old: InstalledTable | undefined) =>
    only('translation', () => documentFor(diffTable(old, view, options), () => [1]));
  const translated = translate(undefined);
  if (previous?.installed?.name === table) {
    const changed = translate(previous.installed);
    if (translated instanceof BpfilterError !== changed instanceof BpfilterError)
      throw new Violation(`translated anew: ${String(translated)}; as a change: ${String(changed)}`);
    if (!(changed instanceof BpfilterError)) never('the batch of a change', () => compileBatch(changed.document));
  }
  if (translated instanceof BpfilterError) return { kind: `translation ${shapeOf(translated)}` };
  const batch = never('the batch', () => compileBatch(translated.document));
  const kind = `accepted ${batch.kind === 'batch' ? '' : batch.reason.replaceAll(/\d+/g, '#')}`;
  return { kind, installed: translated.installed };
}

/** A chain's head, the table's end and what is no entry are no rules, and asking for them says so. */
function checkNoRules(view: BlobView): void {
  const end = view.offsets.length;
  for (const index of [...view.chains.flatMap(({ head }) => head ?? []), end - 1, end, -1]) {
    if (!(only('a rule that is none', () => view.rule(index)) instanceof BpfilterError))
      throw new Violation(`entry ${index} of ${end} was given as a rule`);
  }
  if (!(only('the key of no entry', () => view.key(end)) instanceof BpfilterError))
    throw new Violation(`entry ${end} of ${end} has a key`);
}

/** One struct of an extension through everything that the extension does with it. */
export function examineStruct(
  { definition, number, revision }: KnownRevision,
  data: Uint8Array,
  context: CheckContext & NftContext,
): Verdict {
  const name = `${definition.kind} ${definition.name} revision ${number}`;
  const { header } = context;
  const info = never(`${name}: decode`, () => revision.decode(data));
  const written = never(`${name}: encode`, () => revision.encode(info));
  // Padding and what is private to the kernel isn't written; all else is.
  const again = never(`${name}: what was written`, () => revision.encode(revision.decode(written)));
  if (written.length !== revision.size || !Buffer.from(again).equals(written))
    throw new Violation(`${name}: ${hex(data)} is written as ${hex(written)}, and that as ${hex(again)}`);
  const checked = only(`${name}: check`, () => definition.check(info, context));
  const texts = [true, false].map((numeric) =>
    never(`${name}: print`, () => definition.print(info, { numeric, names: noNames, header })),
  );
  texts.push(never(`${name}: save`, () => definition.save(info, { header })));
  texts.push(never(`${name}: alias`, () => definition.alias?.(info)) ?? '');
  for (const text of texts) checkText(name, text, data.length);
  // What its own check refuses is never translated.
  if (checked instanceof BpfilterError) return { errno: errnoOf(checked), kind: `${name} ${shapeOf(checked)}` };
  if (definition.kind === 'target') never(`${name}: asksTableName`, () => definition.asksTableName?.(info));
  const nft = only(`${name}: nft`, () => definition.nft(info, context));
  return { errno: 0, kind: `${name} ${nft instanceof BpfilterError ? shapeOf(nft) : 'translated'}` };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
