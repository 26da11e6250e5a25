import { BpfilterError, errnoOf } from '../../protocol/error.ts';
import { ipv4 } from '../../protocol/family.ts';
import { decodeTable } from '../../rules/blob/decode.ts';
import { encodeTable } from '../../rules/blob/encode.ts';
import { parseReplace } from '../../rules/blob/parse.ts';
import { validateReplace } from '../../rules/blob/validate.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import { diffTable } from '../../rules/nft/diff.ts';
import { documentFor } from '../../rules/nft/document.ts';
import { compileBatch } from '../../rules/nft/netlink/compile.ts';
import { anyXt } from '../../rules/nft/xt.ts';
import * as registry from '../../rules/registry.ts';
import { entryDump } from '../../rules/text/entry-dump.ts';
import { listing } from '../../rules/text/listing.ts';
import { noNames } from '../../rules/text/no-names.ts';
import { savedListing } from '../../rules/text/saved-listing.ts';
import type { KnownRevision } from './structs.ts';

/** Something that must never happen; `cause` is what did. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** What became of one input: `kind` tells apart what took another way through the code. */
export interface Verdict {
  readonly accepted: boolean;
  readonly kind: string;
}

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

/** The error's way through the code: its text without what differs from blob to blob. */
function shapeOf({ code, message }: BpfilterError): string {
  return `${code} ${message.replaceAll(/0x[0-9a-f]+|-?\d+|"[^"]*"/g, '#')}`.slice(0, 120);
}

function checkText(what: string, text: string, bytes: number): void {
  const most = textAnyway + textPerByte * bytes;
  if (text.length > most) throw new Violation(`${what}: ${text.length} characters of ${bytes} bytes`);
}

interface BlobOptions {
  /** A table that was accepted before. */
  readonly previous?: BlobView | undefined;
  /** Whether one that is accepted is also listed and translated, which takes ten times as long. */
  readonly deep: boolean;
}

/**
 * A replace request from the bytes to the batch for the kernel and to the listings. Throws `Violation` for anything
 * but an answer.
 */
export function examineBlob(
  bytes: Uint8Array,
  { previous, deep }: BlobOptions,
): Verdict & { readonly view?: BlobView } {
  const options = { registry, previous: (table: string) => (previous?.table === table ? previous : undefined) };
  const found = only('validation', () => validateReplace(parseReplace(bytes), options));
  if (found instanceof BpfilterError) return { accepted: false, kind: shapeOf(found) };
  return { accepted: true, kind: deep ? examineView(found) : 'accepted', view: found };
}

function examineView(view: BlobView): string {
  const { table, entries, hookEntry, underflow } = view;
  never('the same bytes once more', () => viewTable(table, entries, { hookEntry, underflow }));
  for (let index = 0; index < view.offsets.length; index += 1) never('key', () => view.key(index));
  const again = only('encoding', () => encodeTable(never('decoding', () => decodeTable(view))));
  const texts = [
    never('-L', () => listing(view, {}, noNames)),
    never('-L -n -v -x', () => listing(view, { numeric: true, verbose: true, exact: true }, noNames)),
    never('-S', () => savedListing(view, {}, noNames)),
    never('-L -v -v', () => entryDump(view)),
  ];
  for (const text of texts) checkText('a listing', text, entries.length);
  const translated = only('translation', () => {
    const options = { family: ipv4, xt: anyXt, instance: 'fuzz' };
    return documentFor(diffTable(undefined, view, options), () => []).document;
  });
  if (translated instanceof BpfilterError) return `translation ${shapeOf(translated)}`;
  const batch = never('the batch', () => compileBatch(translated));
  const encoded = again instanceof BpfilterError ? shapeOf(again) : String(again.entries.length === entries.length);
  return `accepted ${encoded} ${batch.kind === 'batch' ? '' : batch.reason.replaceAll(/\d+/g, '#')}`;
}

/** One struct of an extension through everything that the extension does with it. */
export function examineStruct(
  { definition, number, revision }: KnownRevision,
  data: Uint8Array,
  context: Parameters<KnownRevision['definition']['check']>[1],
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
  if (checked instanceof BpfilterError) return { accepted: false, kind: `${name} ${shapeOf(checked)}` };
  if (definition.kind === 'target') never(`${name}: asksTableName`, () => definition.asksTableName?.(info));
  const nft = only(`${name}: nft`, () => definition.nft(info, context));
  return { accepted: true, kind: `${name} ${nft instanceof BpfilterError ? shapeOf(nft) : 'translated'}` };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
