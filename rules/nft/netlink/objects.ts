import type { NftCtHelper, NftCtTimeout, NftLimit, NftNamed, NftObject } from '../json.ts';
import { type Attribute, u8, u16, u32, u64, writeAttribute } from './expression.ts';
import type { Loose } from './loose.ts';
import { protocolNames } from './meta-keys.ts';
import { familyNumber, message, messageFlag, objectAttribute, objectType } from './numbers.ts';
import { creating } from './places.ts';
import { limitAttributes, quotaAttributes } from './stateful.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';

/** Named objects: what rules count with, limit by, attach to connections. */
interface Named {
  readonly object: NftNamed;
  /** NFT_OBJECT_* */
  readonly type: number;
  /** Its attributes; asked only where it is made. */
  data(): readonly Attribute[];
}

/** Adds or creates (`exclusive`) an object; false for what is none. */
export function writeNewObject(
  writer: MessageWriter,
  sequence: number,
  object: Loose<NftObject>,
  exclusive: boolean,
): boolean {
  const named = namedObject(object);
  if (named === undefined) return false;
  const start = openObject(writer, message.newObject, creating(exclusive), sequence, named);
  const data = writer.open(objectAttribute.data);
  for (const attribute of named.data()) writeAttribute(writer, attribute);
  writer.close(data);
  writer.closeMessage(start);
  return true;
}

/** Deletes one; false for what is none. */
export function writeDeleteObject(writer: MessageWriter, sequence: number, object: Loose<NftObject>): boolean {
  const named = namedObject(object);
  if (named === undefined) return false;
  writer.closeMessage(openObject(writer, message.deleteObject, messageFlag.request, sequence, named));
  return true;
}

function openObject(
  writer: MessageWriter,
  kind: number,
  flags: number,
  sequence: number,
  { object: { family, table, name }, type }: Named,
): number {
  const start = writer.openMessage(kind, flags, sequence, familyNumber[family]);
  writer.text(objectAttribute.table, table);
  writer.text(objectAttribute.name, name);
  writer.u32(objectAttribute.type, type);
  return start;
}

function namedObject(object: Loose<NftObject>): Named | undefined {
  const { counter, limit, quota, 'ct helper': helper, 'ct timeout': timeout } = object;
  if (counter !== undefined) {
    const { packets = 0, bytes = 0 } = counter;
    return { object: counter, type: objectType.counter, data: () => [u64(1, bytes), u64(2, packets)] };
  }
  if (limit !== undefined) return { object: limit, type: objectType.limit, data: () => limitData(limit) };
  if (quota !== undefined) return { object: quota, type: objectType.quota, data: () => quotaData(quota) };
  if (helper !== undefined) return { object: helper, type: objectType.ctHelper, data: () => helperData(helper) };
  if (timeout !== undefined) return { object: timeout, type: objectType.ctTimeout, data: () => timeoutData(timeout) };
  return undefined;
}

function limitData(limit: NftNamed & Partial<NftLimit>): readonly Attribute[] {
  const { rate, per, burst } = limit;
  if (rate === undefined || per === undefined || burst === undefined)
    return unsupported(`limit ${limit.name}: no rate`);
  return limitAttributes({ ...limit, rate, per, burst });
}

function quotaData({ name, bytes, used = 0, inv = false }: Loose<NftObject>['quota'] & object): readonly Attribute[] {
  if (bytes === undefined) return unsupported(`quota ${name}: no bytes`);
  return quotaAttributes(bytes, used, inv);
}

const IPV4 = 2; // NFPROTO_IPV4

/** NFTA_CT_HELPER_* */
function helperData({ name, type, protocol, l3proto = 'ip' }: NftNamed & Partial<NftCtHelper>): readonly Attribute[] {
  if (type === undefined || protocol === undefined || l3proto !== 'ip')
    return unsupported(`ct helper ${name}: no type of IPv4`);
  return [{ type: 1, as: 'text', value: type }, u16(2, IPV4), u8(3, protocolNames[protocol])];
}

/** The states of a protocol in the kernel's order, with what nft gives to one that isn't told; seconds. */
const states = {
  tcp: [
    ['syn_sent', 120],
    ['syn_recv', 60],
    ['established', 432_000],
    ['fin_wait', 120],
    ['close_wait', 60],
    ['last_ack', 30],
    ['time_wait', 120],
    ['close', 10],
    ['syn_sent2', 120],
    ['retrans', 300],
    ['unack', 300],
  ],
  udp: [
    ['unreplied', 30],
    ['replied', 180],
  ],
} as const;

/** NFTA_CT_TIMEOUT_* */
function timeoutData({
  name,
  protocol,
  l3proto = 'ip',
  policy,
}: NftNamed & Partial<NftCtTimeout>): readonly Attribute[] {
  if (protocol === undefined || policy === undefined || l3proto !== 'ip')
    return unsupported(`ct timeout ${name}: no policy for IPv4`);
  const known: readonly (readonly [string, number])[] = states[protocol];
  for (const state of Object.keys(policy))
    if (!known.some(([one]) => one === state)) unsupported(`ct timeout ${name}: state ${state}`);
  const list = known.map(([state, seconds], at) => u32(at + 1, policy[state] ?? seconds));
  return [u16(1, IPV4), u8(2, protocolNames[protocol]), { type: 3, as: 'attributes', value: list }];
}
