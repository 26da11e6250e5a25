import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { ipv4 } from '../protocol/family.ts';
import { composeCommand, encodeRequest, mbox_request, OWN_LEVEL, ownOptions } from '../protocol/mbox.ts';
import { encodeMemoryNote, memoryNoteSize } from '../protocol/memory-note.ts';
import { xt_counters_info, xtAlign } from '../protocol/x-tables.ts';
import { emptyTable } from '../rules/blob/empty.ts';
import { anyHeader, type EncodedTable, encodeReplace, encodeTable } from '../rules/blob/encode.ts';
import { ipv4Layout } from '../rules/blob/layout.ts';
import type { MatchUse, Rule, Table } from '../rules/ir.ts';
import { tcp } from '../rules/matches/tcp.ts';
import { closeFd } from '../sys/descriptor.ts';
import { sendFd, socketpairSeqpacket } from '../sys/fd-passing.ts';
import { koffiPath } from '../sys/koffi.ts';
import { memfdCreate } from '../sys/memfd.ts';

/** What a program does while its code cache is made, so that the functions which that needs are in it. */
export interface Rehearsal {
  /** What it is run by, if by anything. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its descriptors from 4 on. */
  readonly extra: readonly number[];
  /** Talks to it until it may end, or has; the answers it gave. */
  perform(input: Writable, output: Readable): Promise<readonly number[]>;
  close(): void;
}

interface Asked {
  readonly cmd: number;
  readonly isSet?: boolean;
  /** The caller's memory that the request names. */
  readonly argument?: Uint8Array;
}

/** Where the argument lies in the caller's memory: address 0 is none. */
const argumentAt = 4096;

const namespaces: readonly (readonly string[])[] = [
  ['unshare', '--net'],
  ['unshare', '--user', '--map-root-user', '--net'],
];

/**
 * A driver's: what the shim has it do for the first commands of a script, which are a list, a change, and changes again, each with
 * counters added behind it.
 *
 * @param folder becomes the state folder
 * @returns undefined where nobody lets us have a network namespace: rules must not get into ours
 */
export function driverRehearsal(folder: string): Rehearsal | undefined {
  const command = namespaces.find(([program = '', ...args]) => spawnSync(program, [...args, 'true']).status === 0);
  if (command === undefined) return undefined;
  const [callers, theirCallers] = socketpairSeqpacket();
  const [desk, theirDesk] = socketpairSeqpacket();
  return {
    command,
    env: { BPFILTER_STATE: folder, BPFILTER_CLIENT: '0', BPFILTER_KOFFI: koffiPath(), PATH: process.env.PATH ?? '' },
    extra: [theirCallers, theirDesk],
    async perform(input, output) {
      const answers: number[] = [];
      const ended = once(output, 'close');
      for (const [at, one] of asked().entries()) {
        if (one.argument !== undefined) pass(callers, one.argument, BigInt(at));
        input.write(messageOf(one));
        const [answer] = await Promise.race([once(output, 'data'), ended]);
        if (answer === undefined) break;
        answers.push((answer as Buffer).readInt32LE(0));
      }
      return answers;
    },
    close() {
      for (const descriptor of [callers, theirCallers, desk, theirDesk]) closeFd(descriptor);
    },
  };
}

/** Hands a caller's memory over, of which the argument is all. */
function pass(callers: number, argument: Uint8Array, sequence: bigint): void {
  const memory = memfdCreate('rehearsal');
  writeSync(memory, argument, 0, argument.length, argumentAt);
  const note = Buffer.alloc(memoryNoteSize);
  encodeMemoryNote(note, { readable: argument.length, writable: argument.length, sequence });
  sendFd(callers, memory, note);
  closeFd(memory);
}

function messageOf({ cmd, isSet = false, argument }: Asked): Uint8Array {
  const message = new Uint8Array(mbox_request.size);
  encodeRequest(new DataView(message.buffer), {
    addr: argument === undefined ? 0n : BigInt(argumentAt),
    len: argument?.length ?? 0,
    is_set: isSet ? 1 : 0,
    cmd,
    pid: process.pid,
  });
  return message;
}

function asked(): readonly Asked[] {
  const empty = emptyTable('filter');
  const tables = [tableOf(1), tableOf(2), tableOf(3)].map((table) => encodeTable(table));
  const fresh = { numEntries: ipv4.tables.filter.chains.length + 1, entries: empty };
  return [
    { cmd: 0 },
    { cmd: composeCommand(OWN_LEVEL, ownOptions.WARM_UP), argument: new Uint8Array(4096) },
    ...tables.flatMap((table, at) => change(tables[at - 1] ?? fresh, table)),
  ];
}

/** What iptables asks for one change. */
function change(before: Pick<EncodedTable, 'numEntries' | 'entries'>, after: EncodedTable): readonly Asked[] {
  const info = new Uint8Array(ipv4.getinfo.size);
  info.set(Buffer.from('filter'));
  const entries = new Uint8Array(ipv4.getEntries.size + before.entries.length);
  ipv4.getEntries.write({ name: 'filter', size: before.entries.length }, entries);
  const counters = new Uint8Array(xt_counters_info.size + 16 * after.numEntries);
  xt_counters_info.write({ name: 'filter', num_counters: after.numEntries }, counters);
  // The counters of before go behind the rest.
  const length = ipv4.replace.size + after.entries.length;
  const replace = Buffer.concat([
    encodeReplace(after, { numCounters: before.numEntries, counters: BigInt(argumentAt + length) }),
    new Uint8Array(16 * before.numEntries),
  ]);
  return [
    { cmd: composeCommand(ipv4.level, ipv4.get.info), argument: info },
    { cmd: composeCommand(ipv4.level, ipv4.get.entries), argument: entries },
    { cmd: composeCommand(ipv4.level, ipv4.set.replace), isSet: true, argument: replace },
    { cmd: composeCommand(ipv4.level, ipv4.set.addCounters), isSet: true, argument: counters },
  ];
}

/** INPUT with so many rules, which lead to a chain. */
function tableOf(count: number): Table {
  const leading = Array.from({ length: count }, (_, at) => ({
    ...rule({ kind: 'jump', chain: 'chain' }),
    header: { ...anyHeader(ipv4Layout), source: 0x0a000000 + at, sourceMask: 0xffffffff, protocol: 6 },
    matches: [toPort(at + 1)],
  }));
  const builtin = ipv4.tables.filter.chains.map(({ name, hook }) => ({
    kind: 'builtin' as const,
    name,
    hook,
    rules: name === 'INPUT' ? leading : [],
    policy: rule({ kind: 'accept' }),
  }));
  const chain = {
    kind: 'user' as const,
    name: 'chain',
    rules: [rule({ kind: 'drop' })],
    headIndex: 0,
    tail: rule({ kind: 'return' }),
  };
  return { name: 'filter', chains: [...builtin, chain] };
}

function rule(target: Rule['target']): Rule {
  return { index: 0, header: anyHeader(ipv4Layout), matches: [], target, counters: { packets: 0n, bytes: 0n } };
}

/** `-m tcp --dport` */
function toPort(port: number): MatchUse {
  const none = { option: 0, flg_mask: 0, flg_cmp: 0, invflags: 0 };
  const data = tcp.revisions[0]?.encode({ spts: [0, 0xffff], dpts: [port, port], ...none }) ?? new Uint8Array(0);
  const aligned = new Uint8Array(xtAlign(data.length));
  aligned.set(data);
  return { name: 'tcp', revision: 0, data: aligned };
}
