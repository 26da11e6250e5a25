import { IPT_INV_VIA_IN, IPT_INV_VIA_OUT } from '../../protocol/ip-tables.ts';
import type { EntryForm } from '../blob/entry-form.ts';
import type { BlobView } from '../blob/view.ts';
import { cannotExpress } from '../extension.ts';
import type { HookNumber, InterfaceMatch } from '../ir.ts';
import { interfaceTest } from '../nft/interface.ts';
import type { NftStatement } from '../nft/json.ts';

/**
 * Devices that a program can't learn at some hooks. At POSTROUTING the packet has forgotten the one it came by; at
 * OUTPUT a table before may have had it routed anew, and its device is another than the one that every table at this
 * hook is told. So nftables tells which devices of those that rules ask for it is, and calls a program of that class.
 */
export const toldDevices: Readonly<Partial<Record<number, DeviceSide>>> = { 3: 'out', 4: 'in' };
export type DeviceSide = 'in' | 'out';

/** Devices that all rules of a hook are alike for. */
export interface DeviceClass {
  /** Whether a packet's device is of this class, or of one before it. */
  readonly test: readonly NftStatement[];
  /** One that rules find the same of; 16 bytes. */
  readonly name: Uint8Array;
}

/** A device of no class, or none at all. */
export const noDevice: Uint8Array = new Uint8Array(16);

/** Each class has its programs. */
const MOST_CLASSES = 16;
const [LONGEST, SIZE] = [15, 16];

/** What rules of a form ask of devices; kept by the caller. */
export type DeviceCache = WeakMap<EntryForm, DevicesOf>;
type DevicesOf = Readonly<Record<DeviceSide, InterfaceMatch | undefined>>;

/**
 * The classes of a hook: those of whole names, then those of names' beginnings, longest first.
 * Throws `not-expressible`.
 */
export function deviceClasses(view: BlobView, hook: HookNumber, cache: DeviceCache): readonly DeviceClass[] {
  const side = toldDevices[hook];
  if (side === undefined) return [];
  const names = new Map<string, Named>();
  const seen = new Set<EntryForm>();
  for (const { first, last } of view.chains) {
    if (((view.hooks[first] ?? 0) & (1 << hook)) === 0) continue;
    for (let index = first; index <= last; index += 1) {
      const form = view.forms[index];
      if (form === undefined || seen.has(form)) continue;
      seen.add(form);
      const devices = cache.get(form) ?? devicesOf(view, index);
      cache.set(form, devices);
      const asked = devices[side];
      const named = asked && nameOf(side, asked);
      if (named !== undefined) names.set(`${named.isWhole} ${named.text}`, named);
    }
  }
  if (names.size > MOST_CLASSES) cannotExpress(`rules of one hook ask for more than ${MOST_CLASSES} devices`);
  const all = [...names.values()].sort(
    (one, other) => Number(other.isWhole) - Number(one.isWhole) || other.text.length - one.text.length,
  );
  return all.map((one) => ({ test: one.test, name: one.isWhole ? bytesOf(one.text) : exampleOf(one.text, all) }));
}

function devicesOf(view: BlobView, index: number): DevicesOf {
  const { inInterface, outInterface, inverted } = view.layout.decodeHeader(view.entries, view.offsets[index] ?? 0);
  const asked = (one: InterfaceMatch, inversion: number) =>
    one.mask.some((byte) => byte !== 0) || (inverted & inversion) !== 0 ? one : undefined;
  return { in: asked(inInterface, IPT_INV_VIA_IN), out: asked(outInterface, IPT_INV_VIA_OUT) };
}

interface Named {
  /** One character a byte. */
  readonly text: string;
  /** Not only a name's beginning. */
  readonly isWhole: boolean;
  readonly test: readonly NftStatement[];
}

/** undefined: every device is alike for it. */
function nameOf(side: DeviceSide, asked: InterfaceMatch): Named | undefined {
  const test = interfaceTest(side === 'in' ? 'iif' : 'oif', asked, false);
  if (test === 'never' || test.length === 0) return undefined;
  const length = asked.mask.lastIndexOf(0xff) + 1;
  const compared = Buffer.from(asked.name.subarray(0, length));
  const end = compared.indexOf(0);
  if (end === 0) cannotExpress('a rule asks for packets without a device');
  const text = compared.toString('latin1', 0, end < 0 ? length : end);
  return { text, isWhole: end >= 0 || length >= LONGEST, test };
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  bytes.set(Buffer.from(text, 'latin1'));
  return bytes;
}

/** A name that begins so and isn't, nor begins with, a longer one of those asked for. */
function exampleOf(prefix: string, all: readonly Named[]): Uint8Array {
  const taken = new Set(all.flatMap(({ text }) => (text.startsWith(prefix) ? [text.charCodeAt(prefix.length)] : [])));
  let next = 1;
  while (taken.has(next)) next += 1;
  return bytesOf(`${prefix}${String.fromCharCode(next)}`);
}
