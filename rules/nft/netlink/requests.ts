import {
  BATCH_BEGIN,
  BATCH_END,
  familyNumber,
  message,
  messageFlag,
  objectAttribute,
  objectType,
  ruleAttribute,
  tableAttribute,
} from './numbers.ts';
import { MessageWriter } from './writer.ts';

type Family = keyof typeof familyNumber;

const DUMP = messageFlag.request | messageFlag.dump;
const UNSPECIFIED = 0; // NFPROTO_UNSPEC
const RESOURCE = 10; // NFNL_SUBSYS_NFTABLES

/** The questions we ask, as bytes; `sequence` comes back with the answer. */

/** All counters of a table. Of a table that isn't there the kernel tells none. */
export function countersRequest(family: Family, table: string, sequence: number): Uint8Array {
  return request(message.getObject, DUMP, sequence, familyNumber[family], (writer) => {
    writer.text(objectAttribute.table, table);
    writer.u32(objectAttribute.type, objectType.counter);
  });
}

/** All rules of a table, likewise. */
export function rulesRequest(family: Family, table: string, sequence: number): Uint8Array {
  return request(message.getRule, DUMP, sequence, familyNumber[family], (writer) =>
    writer.text(ruleAttribute.table, table),
  );
}

/** The rules of one chain, likewise. */
export function chainRulesRequest(family: Family, table: string, chain: string, sequence: number): Uint8Array {
  return request(message.getRule, DUMP, sequence, familyNumber[family], (writer) => {
    writer.text(ruleAttribute.table, table);
    writer.text(ruleAttribute.chain, chain);
  });
}

/** One counter of a table; ENOENT where there is none. */
export function counterRequest(family: Family, table: string, name: string, sequence: number): Uint8Array {
  return request(message.getObject, messageFlag.request, sequence, familyNumber[family], (writer) => {
    writer.text(objectAttribute.table, table);
    writer.text(objectAttribute.name, name);
    writer.u32(objectAttribute.type, objectType.counter);
  });
}

/** The chains of all tables of a family. */
export function chainsRequest(family: Family, sequence: number): Uint8Array {
  return request(message.getChain, DUMP, sequence, familyNumber[family], () => {});
}

/** One table; ENOENT where there is none. */
export function tableRequest(family: Family, table: string, sequence: number): Uint8Array {
  return request(message.getTable, messageFlag.request, sequence, familyNumber[family], (writer) =>
    writer.text(tableAttribute.name, table),
  );
}

/** The number of the rule set in force, which every change of the namespace moves on. */
export function generationRequest(sequence: number): Uint8Array {
  return request(message.getGeneration, messageFlag.request, sequence, UNSPECIFIED, () => {});
}

const COMPAT = 11 << 8; // NFNL_SUBSYS_NFT_COMPAT, NFNL_MSG_COMPAT_GET
const IPV4 = 2; // NFPROTO_IPV4
const xtKinds = { match: 0, target: 1 } as const;

/**
 * Whether the kernel has a revision of an xt extension; ENOENT or another errno where it hasn't
 * (nfnl_compat_get_rcu, net/netfilter/nft_compat.c).
 */
export function xtRequest(kind: 'match' | 'target', name: string, revision: number, sequence: number): Uint8Array {
  const writer = new MessageWriter(256);
  const start = writer.openRaw(COMPAT, messageFlag.request, sequence, IPV4, 0);
  writer.text(1, name);
  writer.u32(2, revision);
  writer.u32(3, xtKinds[kind]);
  writer.closeMessage(start);
  return writer.bytes();
}

/** A batch that changes nothing: whether we may send one. */
export function emptyBatch(): Uint8Array {
  const writer = new MessageWriter(64);
  for (const type of [BATCH_BEGIN, BATCH_END])
    writer.closeMessage(writer.openRaw(type, messageFlag.request, 0, UNSPECIFIED, RESOURCE));
  return writer.bytes();
}

function request(
  type: number,
  flags: number,
  sequence: number,
  family: number,
  write: (writer: MessageWriter) => void,
): Uint8Array {
  const writer = new MessageWriter(256);
  const start = writer.openMessage(type, flags, sequence, family);
  write(writer);
  writer.closeMessage(start);
  return writer.bytes();
}
