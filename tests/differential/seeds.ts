import { randomFrom } from '../harness/random.ts';
import { carriedByBpf } from './carried.ts';
import type { DifferentialCase } from './case.ts';
import { withExpected } from './expected.ts';
import { avoidedPackets, chancePackets, type ListedPackets } from './known.ts';
import { withOwnPorts } from './own-ports.ts';
import { randomSendings, type Sending } from './packets.ts';
import { randomTables } from './random-rules.ts';
import type { RandomTable } from './ruleset.ts';

const packetsEach = 40;
/** Makes numbers of its own of a seed: what they decide changes nothing else. */
const APART = 0x5eed_0000;

/** All tables: connections are tracked and defragmented, as soon as there is a table nat. */
const tracked = ['raw', 'mangle', 'nat', 'filter', 'security'] as const;
/** Nothing but what the rules ask for. */
const untracked = ['raw', 'mangle', 'filter', 'security'] as const;

export type Group = 'tracked' | 'untracked';

/** Two of three seeds have a table nat. They don't share a namespace with the others: a table stays with it. */
export function groupOf(seed: number): Group {
  return seed % 3 === 0 ? 'untracked' : 'tracked';
}

export function caseOf(seed: number): DifferentialCase {
  const random = randomFrom(seed);
  const rules = randomTables(random, groupOf(seed) === 'tracked' ? tracked : untracked);
  const packets = without(avoidedPackets, rules, randomSendings(random, packetsEach));
  const { tables, sendings } = withExpected(randomFrom(seed ^ APART), rules, packets);
  const translates = tables.some(({ name, rules }) => name === 'nat' && rules.length > 0);
  return {
    title: `seed ${seed}`,
    tables,
    sendings: translates ? withOwnPorts(sendings) : sendings,
    otherRevisions: seed % 2 === 0,
  };
}

/** A case of what BPF carries, by it alone; two of three seeds track connections whatever else there is. */
export function bpfCaseOf(seed: number): DifferentialCase {
  const random = randomFrom(seed ^ APART);
  const rules = randomTables(random, untracked, carriedByBpf);
  return {
    title: `seed ${seed}`,
    tables: groupOf(seed) === 'tracked' ? rules.map(tracking) : rules,
    sendings: without(chancePackets, rules, randomSendings(random, packetsEach)),
    otherRevisions: seed % 2 === 0,
    backend: 'bpf',
  };
}

/** The sendings without packets that are listed for one of the rules. */
function without(
  listed: readonly ListedPackets[],
  tables: readonly RandomTable[],
  sendings: readonly Sending[],
): readonly Sending[] {
  const left = listed.filter(({ rule }) => tables.some(({ rules }) => rules.some(({ text }) => rule.test(text))));
  return sendings.filter(
    (one) => one.kind === 'answer' || !left.some(({ packet }) => packet(Buffer.from(one.bytes, 'hex'))),
  );
}

function tracking(table: RandomTable): RandomTable {
  const first = { chain: 'PREROUTING', text: '-m conntrack --ctstate INVALID', examples: [] };
  return table.name === 'mangle' ? { ...table, rules: [first, ...table.rules] } : table;
}
