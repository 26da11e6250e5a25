import { expect } from 'vitest';
import type { HookNumber, Table } from '../../rules/ir.ts';
import { judge, type Seen } from './judge.ts';
import { inDevice, LoadedTable } from './loaded.ts';

/** A packet, and the hook it comes to. */
export interface Arrival {
  readonly hook: HookNumber;
  readonly packet: Omit<Seen, 'inName' | 'outName'>;
}

const [PREROUTING, INPUT, FORWARD] = [0, 1, 2];

/** Runs a table on packets. Each verdict and every counter is what ip_tables would make of them. Gives the verdicts. */
export function expectAsJudged(table: Table, arrivals: readonly Arrival[], title = ''): readonly boolean[] {
  const loaded = new LoadedTable(table, new Set(arrivals.map(({ hook }) => hook)));
  const counters = new Map<number, { packets: bigint; bytes: bigint }>();
  const verdicts = arrivals.map(({ hook, packet }) => {
    const comesIn = hook === PREROUTING || hook === INPUT || hook === FORWARD;
    const { accepted, counted } = judge(table, hook, { ...packet, inName: comesIn ? inDevice : '', outName: '' });
    for (const rule of counted) {
      const { packets, bytes } = counters.get(rule) ?? { packets: 0n, bytes: 0n };
      counters.set(rule, { packets: packets + 1n, bytes: bytes + BigInt(packet.bytes.length) });
    }
    const found = loaded.run(hook, packet);
    const told = `${title} hook ${hook}: ${packet.bytes.toString('hex')}, mark ${packet.mark}, type ${packet.packetType}`;
    expect(`${found ? 'accepted' : 'dropped'}, ${told}`).toBe(`${accepted ? 'accepted' : 'dropped'}, ${told}`);
    return found;
  });
  const inOrder = [...counters].sort(([one], [other]) => one - other);
  expect([title, [...loaded.counters()]]).toEqual([title, inOrder]);
  return verdicts;
}
