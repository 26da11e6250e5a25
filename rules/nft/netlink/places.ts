import type { NftChain, NftNamed, NftTable } from '../json.ts';
import {
  chainAttribute,
  familyNumber,
  hookAttribute,
  message,
  messageFlag,
  ruleAttribute,
  tableAttribute,
} from './numbers.ts';
import { unsupported } from './unsupported.ts';
import type { MessageWriter } from './writer.ts';

/** Messages for tables and chains, and the deletion of rules. `exclusive`: it mustn't be there yet. */

/** Flags of a message that makes something. */
export function creating(exclusive: boolean): number {
  return messageFlag.request | messageFlag.create | (exclusive ? messageFlag.exclusive : 0);
}

export function writeNewTable(
  writer: MessageWriter,
  sequence: number,
  { family, name }: NftTable,
  exclusive: boolean,
): void {
  const start = writer.openMessage(message.newTable, creating(exclusive), sequence, familyNumber[family]);
  writer.text(tableAttribute.name, name);
  writer.u32(tableAttribute.flags, 0);
  writer.closeMessage(start);
}

export function writeDeleteTable(writer: MessageWriter, sequence: number, { family, name }: NftTable): void {
  const start = writer.openMessage(message.deleteTable, messageFlag.request, sequence, familyNumber[family]);
  writer.text(tableAttribute.name, name);
  writer.closeMessage(start);
}

/** NF_INET_* */
const hookNumbers = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
/** NF_DROP, NF_ACCEPT */
const policies = { drop: 0, accept: 1 } as const;

export function writeNewChain(writer: MessageWriter, sequence: number, chain: NftChain, exclusive: boolean): void {
  const { family, table, name, type, hook, prio, policy } = chain;
  const start = writer.openMessage(message.newChain, creating(exclusive), sequence, familyNumber[family]);
  writer.text(chainAttribute.table, table);
  writer.text(chainAttribute.name, name);
  if (type !== undefined || hook !== undefined || prio !== undefined || policy !== undefined) {
    if (type === undefined || hook === undefined || prio === undefined) {
      unsupported(`chain ${name}: half a base chain`);
      return;
    }
    const nested = writer.open(chainAttribute.hook);
    writer.u32(hookAttribute.number, hookNumbers[hook]);
    writer.u32(hookAttribute.priority, prio);
    writer.close(nested);
    if (policy !== undefined) writer.u32(chainAttribute.policy, policies[policy]);
    writer.text(chainAttribute.type, type);
  }
  writer.closeMessage(start);
}

export function writeDeleteChain(writer: MessageWriter, sequence: number, { family, table, name }: NftChain): void {
  const start = writer.openMessage(message.deleteChain, messageFlag.request, sequence, familyNumber[family]);
  writer.text(chainAttribute.table, table);
  writer.text(chainAttribute.name, name);
  writer.closeMessage(start);
}

/** One rule, all of a chain, or all of a table. */
export function writeDeleteRule(
  writer: MessageWriter,
  sequence: number,
  {
    family,
    table,
    chain,
    handle,
  }: Pick<NftNamed, 'family' | 'table'> & { readonly chain?: string; readonly handle?: number },
): void {
  const start = writer.openMessage(message.deleteRule, messageFlag.request, sequence, familyNumber[family]);
  writer.text(ruleAttribute.table, table);
  if (chain !== undefined) writer.text(ruleAttribute.chain, chain);
  if (handle !== undefined) writer.u64(ruleAttribute.handle, handle);
  writer.closeMessage(start);
}
