import { BpfilterError } from '../../protocol/error.ts';
import { readMeta } from './meta.ts';
import { decodeRecord, encodeRecord, recordLength } from './record.ts';

/**
 * TABLE.handles: nft's rule handles, so that a driver that starts needn't list all rules. Records one behind the other,
 * each of the entries that one change has added; an entry's handles never change, nor is an id used again within an
 * instance. Only whole or absent in effect: the last record says up to which id all is told.
 */
export interface HandlesPart {
  readonly instance: string;
  /** The ids it tells of: from this one on, and below `upTo`. One that isn't named has no rules. */
  readonly from: number;
  readonly upTo: number;
  /** Id and handle of one rule after the other, in the order of the chains. */
  readonly pairs: Float64Array;
}

/** What a file tells, its records together. */
export interface StoredHandles {
  readonly instance: string;
  readonly upTo: number;
  readonly handles: ReadonlyMap<number, readonly number[]>;
  /** Bytes that were believed: the next record goes there. */
  readonly size: number;
}

/** One record as parts to write. */
export function encodeHandles({ instance, from, upTo, pairs }: HandlesPart): Uint8Array[] {
  const body = new Uint8Array(pairs.buffer, pairs.byteOffset, pairs.byteLength);
  return encodeRecord('handles', { instance, from, upTo }, [body]);
}

/** Reads all records up to one that is torn. Throws BpfilterError('state') where the first one can't be believed. */
export function decodeHandles(bytes: Uint8Array): StoredHandles {
  const handles = new Map<number, number[]>();
  const first = decodePart(bytes);
  let { upTo } = first;
  let size = 0;
  for (
    let part: HandlesPart | undefined = first;
    part !== undefined;
    part = nextPart(bytes.subarray(size), upTo, first)
  ) {
    for (let at = 0; at + 1 < part.pairs.length; at += 2) {
      const [id = 0, handle = 0] = part.pairs.subarray(at, at + 2);
      const known = handles.get(id);
      if (known === undefined) handles.set(id, [handle]);
      else known.push(handle);
    }
    upTo = part.upTo;
    size += recordLength(bytes.subarray(size));
  }
  return { instance: first.instance, upTo, handles, size };
}

function decodePart(bytes: Uint8Array): HandlesPart {
  const { meta, body } = decodeRecord('handles', bytes);
  const read = readMeta(meta);
  const pairs = new Float64Array(Uint8Array.from(body).buffer, 0, body.length >>> 3);
  return { instance: read.text('instance'), from: read.count('from'), upTo: read.count('upTo'), pairs };
}

function nextPart(bytes: Uint8Array, upTo: number, { instance }: HandlesPart): HandlesPart | undefined {
  if (bytes.length === 0) return undefined;
  try {
    const part = decodePart(bytes);
    return part.from === upTo && part.instance === instance ? part : undefined;
  } catch (error) {
    if (error instanceof BpfilterError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}
