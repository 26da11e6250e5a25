import type { NftNamed, NftSet } from '../json.ts';
import type { Operand } from './load.ts';
import { etherTypes, protocolNames } from './meta-keys.ts';
import { familyNumber, message, messageFlag, setAttribute, setFlag } from './numbers.ts';
import { concatenatedType } from './operand.ts';
import { wordsOf } from './registers.ts';
import { writeSet } from './set.ts';
import { setContent, type Values } from './set-content.ts';
import { datatype } from './types.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';

/** Keys of sets are of a type, not of an expression; nothing is loaded. */
const nowhere = { kind: 'meta', key: 0 } as const;

function typed(type: number, size: number, more: Partial<Operand> = {}): Operand {
  return { load: nowhere, size, notation: 'number', key: { type }, ...more };
}

/** nft's names of types. */
const types: Readonly<Record<string, Operand>> = {
  ipv4_addr: typed(datatype.ipv4, 4, { notation: 'address' }),
  ether_addr: typed(datatype.ethernet, 6, { notation: 'ethernet address' }),
  ether_type: typed(datatype.etherType, 2, { notation: etherTypes }),
  inet_proto: typed(datatype.protocol, 1, { notation: protocolNames }),
  inet_service: typed(datatype.port, 2),
  mark: typed(datatype.mark, 4, { hostOrder: true }),
  ifname: typed(datatype.interfaceName, 16, {
    notation: 'interface name',
    key: { type: datatype.interfaceName, hostOrder: true },
  }),
  iface_index: typed(datatype.interfaceIndex, 4, { hostOrder: true }),
  uid: typed(datatype.user, 4, { hostOrder: true }),
  gid: typed(datatype.group, 4, { hostOrder: true }),
};

function keyOf(type: NftSet['type']): Values {
  const parts = [type].flat().map((name) => types[name] ?? unsupported(`type ${name}`));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const size = parts.reduce((sum, part) => sum + 4 * wordsOf(part.size), 0);
  return { ...typed(0, size), key: concatenatedType(parts.map(({ key }) => key ?? { type: 0 })), parts };
}

const flagBits = { constant: setFlag.constant, timeout: setFlag.timeout, interval: 0 } as const;

/** How a set is made beside what it says itself. */
export interface SetMaking {
  /** The number by which this batch knows it. */
  readonly id: number;
  /** It mustn't be there yet. */
  readonly exclusive: boolean;
  /** A rule of this batch changes it. */
  readonly changed: boolean;
}

export function writeNewSet(
  writer: MessageWriter,
  sequence: number,
  set: NftNamed & Partial<NftSet>,
  { id, exclusive, changed }: SetMaking,
): void {
  const { family, table, name, type, flags = [], size, timeout, elem = [] } = set;
  const bits = flags.reduce((sum, flag) => sum | flagBits[flag], 0);
  const content = setContent(keyOf(type ?? unsupported(`set ${name} without a type`)), elem, {
    merges: false,
    intervals: flags.includes('interval'),
  });
  const declared = size ?? (flags.includes('constant') && elem.length > 0 ? content.declared : undefined);
  writeSet(
    writer,
    sequence,
    { family: familyNumber[family], table, name, id },
    content,
    {
      flags: bits | (timeout === undefined ? 0 : setFlag.timeout) | (changed ? setFlag.evaluated : 0),
      exclusive,
      ...(declared === undefined ? {} : { size: declared }),
      ...(timeout === undefined ? {} : { timeout: timeout * 1000 }),
    },
    false,
  );
}

export function writeDeleteSet(writer: MessageWriter, sequence: number, set: NftNamed): void {
  writeNamed(writer, sequence, message.deleteSet, set);
}

/** Takes all elements away. */
export function writeFlushSet(writer: MessageWriter, sequence: number, set: NftNamed): void {
  writeNamed(writer, sequence, message.deleteSetElement, set);
}

/** NFTA_SET_ELEM_LIST_TABLE and _SET have the numbers of NFTA_SET_TABLE and _NAME. */
function writeNamed(writer: MessageWriter, sequence: number, type: number, { family, table, name }: NftNamed): void {
  const start = writer.openMessage(type, messageFlag.request, sequence, familyNumber[family]);
  writer.text(setAttribute.table, table);
  writer.text(setAttribute.name, name);
  writer.closeMessage(start);
}
