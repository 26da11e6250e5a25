import fc from 'fast-check';
import type { Rule } from '../../ir.ts';
import type { TableSource } from '../source.ts';
import { anyPort, comment, limit, rule, tcp, udp } from './rules.ts';
import { type Chains, tableOf } from './table.ts';

const port81 = tcp(81);

/** Rules of every shape that matters to the planner: guarded, dead, stateful in each form, plain. */
export const shapes: readonly Rule[] = [
  rule(),
  rule({ target: { kind: 'drop' } }),
  rule({ target: { kind: 'return' } }),
  rule({ header: { source: 1 } }), // never
  rule({ header: { protocol: 6 }, matches: [tcp(80)] }),
  rule({ header: { protocol: 6 }, matches: [port81], target: { kind: 'drop' } }),
  rule({ header: { protocol: 6, source: 7, sourceMask: 0xffffffff }, matches: [port81] }),
  rule({ header: { protocol: 6 }, matches: [tcp(), anyPort(1, 2)] }),
  rule({ header: { protocol: 17 }, matches: [udp('never')] }),
  rule({ header: { protocol: 17 }, matches: [limit(1), udp('never')] }),
  rule({ header: { protocol: 17 }, matches: [limit(1), udp(53)], target: { kind: 'return' } }),
  rule({ header: { protocol: 6 }, matches: [anyPort(5), limit(2)] }),
  rule({ header: { protocol: 6 }, matches: [limit(5), anyPort(5)] }),
  rule({ matches: [limit(4), comment('slow')] }),
];

function rules(users: readonly string[]): fc.Arbitrary<readonly Rule[]> {
  const plain = fc.constantFrom(...shapes);
  if (users.length === 0) return fc.array(plain, { maxLength: 12 });
  const jump = fc.record({ kind: fc.constantFrom('jump', 'goto'), chain: fc.constantFrom(...users) });
  return fc.array(
    fc.oneof(
      plain,
      jump.map((target) => rule({ target })),
    ),
    { maxLength: 12 },
  );
}

/** Filter tables with up to four user chains, which only jump to later ones. */
export const arbitraryTable: fc.Arbitrary<TableSource> = fc
  .subarray(['A', 'b', 'hook_x', 'c d'])
  .chain((users) =>
    fc.record({
      INPUT: rules(users),
      OUTPUT: rules(users),
      ...Object.fromEntries(users.map((name, index) => [name, rules(users.slice(index + 1))])),
    }),
  )
  .chain((chains: Chains) =>
    fc.constantFrom<'accept' | 'drop'>('accept', 'drop').map((INPUT) => tableOf(chains, { policies: { INPUT } })),
  );
