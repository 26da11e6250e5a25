import { message, messageFlag, TYPE_MASK } from '../../rules/nft/netlink/numbers.ts';
import { MessageWriter } from '../../rules/nft/netlink/writer.ts';
import { ask } from '../../sys/nfnetlink/dump.ts';
import type { NetlinkSocket } from '../../sys/nfnetlink/socket.ts';

const FAMILY = 2; // NFPROTO_IPV4
const HEADERS = 20;
const GET_SET = 10;
const GET_SET_ELEMENTS = 13;

type Write = (writer: MessageWriter) => void;

let sequence = 1000;

/** The attributes of every message of a dump. */
function messages(socket: NetlinkSocket, type: number, write: Write = () => {}): readonly Buffer[] {
  const writer = new MessageWriter(256);
  sequence += 1;
  const start = writer.openMessage(type, messageFlag.request | messageFlag.dump, sequence, FAMILY);
  write(writer);
  writer.closeMessage(start);
  const found: Buffer[] = [];
  const end = ask(socket, { bytes: writer.bytes(), sequence, isDump: true }, (view, at, length) => {
    found.push(Buffer.from(Buffer.from(view.buffer, at + HEADERS, length - HEADERS)));
  });
  if (end.kind !== 'whole') throw new Error(`a dump of ${type} ended ${JSON.stringify(end)}`);
  return found;
}

/** Top-level attributes by type. */
function attributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const size = bytes.readUInt16LE(at);
    found.set(bytes.readUInt16LE(at + 2) & TYPE_MASK, bytes.subarray(at + 4, at + size));
    at += (size + 3) & ~3;
  }
  return found;
}

/** The members of a list attribute, in an order that says nothing. */
function sortedList(list: Buffer | undefined): readonly string[] {
  const members: string[] = [];
  for (let at = 0; list !== undefined && at + 4 <= list.length; ) {
    const size = list.readUInt16LE(at);
    members.push(list.toString('hex', at + 4, at + size));
    at += (size + 3) & ~3;
  }
  return members.sort();
}

/** What the kernel tells of everything in its namespace, in hexadecimal. */
export interface KernelDump {
  readonly tables: readonly string[];
  readonly chains: readonly string[];
  readonly rules: readonly string[];
  readonly sets: readonly string[];
  /** Of each set. */
  readonly elements: readonly (readonly string[])[];
  readonly objects: readonly string[];
}

const TABLE_HANDLE = 4;

/** Tables are numbered through the life of a namespace; a table's own things are numbered within it. */
function withoutHandle(table: Buffer): string {
  return [...attributes(table)]
    .map(([type, value]) => (type === TABLE_HANDLE ? '' : `${type}:${value.toString('hex')}`))
    .join(' ');
}

/** All that the kernel tells of the nf_tables of its namespace, as text that can be compared. */
export function dumpAll(socket: NetlinkSocket): KernelDump {
  const hex = (list: readonly Buffer[]) => list.map((one) => one.toString('hex'));
  const sets = messages(socket, GET_SET);
  const elements = sets.map((set) => {
    const named = attributes(set);
    const [table, name] = [named.get(1), named.get(2)].map((text) => text?.toString('latin1').replace('\0', '') ?? '');
    const parts = messages(socket, GET_SET_ELEMENTS, (writer) => {
      writer.text(1, table ?? '');
      writer.text(2, name ?? '');
    });
    return parts.flatMap((part) => sortedList(attributes(part).get(3))).sort();
  });
  return {
    tables: messages(socket, message.getTable).map(withoutHandle),
    chains: hex(messages(socket, message.getChain)),
    rules: hex(messages(socket, message.getRule)),
    sets: hex(sets),
    elements,
    objects: hex(messages(socket, message.getObject)),
  };
}

const RULE_HANDLE = 3;

/** The handle of a rule of a dump. */
export function ruleHandle(rule: string): number {
  return Number(attributes(Buffer.from(rule, 'hex')).get(RULE_HANDLE)?.readBigUInt64BE() ?? 0n);
}
