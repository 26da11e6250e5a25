import type { NftLog } from '../json.ts';
import { type Attribute, type Expression, u16, u32 } from './expression.ts';
import { unsupported } from './unsupported.ts';

/** LOGLEVEL_* by nft's names; the last is the kernel's audit log. */
const levels: readonly string[] = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug', 'audit'];
/** NF_LOG_* (linux/netfilter/nf_log.h) by nft's names. */
const logFlags: Readonly<Record<string, number>> = {
  'tcp sequence': 1,
  'tcp options': 2,
  'ip options': 4,
  skuid: 8,
  ether: 0x20,
  all: 0x2f,
};

/** To a netlink group where one is named, else to the kernel's log (NFTA_LOG_*). */
export function logExpression(log: NftLog): Expression {
  const { prefix, group } = log;
  const prefixed: readonly Attribute[] = prefix === undefined ? [] : [{ type: 2, as: 'text', value: prefix }];
  return {
    name: 'log',
    attributes: [...prefixed, ...(group === undefined ? kernelLog(log) : groupLog(group, log))],
  };
}

function groupLog(group: number, log: NftLog): readonly Attribute[] {
  const { snaplen, 'queue-threshold': threshold, level, flags } = log;
  if (level !== undefined || (flags !== undefined && flags.length > 0)) unsupported('a log group with level or flags');
  return [
    u16(1, group),
    ...(snaplen === undefined ? [] : [u32(3, snaplen)]),
    ...(threshold === undefined ? [] : [u16(4, threshold)]),
  ];
}

function kernelLog({ level, flags = [], snaplen, 'queue-threshold': threshold }: NftLog): readonly Attribute[] {
  if (snaplen !== undefined || threshold !== undefined) unsupported('a snaplen or threshold without a group');
  const number = level === undefined ? undefined : levels.indexOf(level);
  if (number === -1) unsupported(`log level "${level ?? ''}"`);
  const bits = [flags].flat().reduce((sum, flag) => sum | (logFlags[flag] ?? unsupported(`log flag "${flag}"`)), 0);
  return [...(number === undefined ? [] : [u32(5, number)]), ...(bits === 0 ? [] : [u32(6, bits)])];
}
