import fc from 'fast-check';
import { ipv4 } from '../../../protocol/family.ts';
import type { Chain, HeaderMatch, MatchUse, Rule, Table, TargetUse } from '../../ir.ts';

/** Arbitrary tables as libiptc would lay them out, extensions opaque and indices right. */
const u32 = fc.nat(0xffffffff);
const counter = fc.bigInt(0n, (1n << 64n) - 1n);
const counters = fc.record({ packets: counter, bytes: counter });
const zeros = new Uint8Array(16);
const sixteen = fc.oneof(fc.constant(zeros), fc.uint8Array({ minLength: 16, maxLength: 16 }));
const interfaceMatch = fc.record({ name: sixteen, mask: sixteen });

const header: fc.Arbitrary<HeaderMatch> = fc.record({
  source: u32,
  sourceMask: u32,
  destination: u32,
  destinationMask: u32,
  inInterface: interfaceMatch,
  outInterface: interfaceMatch,
  protocol: fc.nat(0xffff),
  flags: fc.constantFrom(0, 1),
  inverted: fc.nat(0x7f),
});
const anything: HeaderMatch = {
  source: 0,
  sourceMask: 0,
  destination: 0,
  destinationMask: 0,
  inInterface: { name: zeros, mask: zeros },
  outInterface: { name: zeros, mask: zeros },
  protocol: 0,
  flags: 0,
  inverted: 0,
};

/** latin1 names without NUL. */
const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength }).map((codes) => String.fromCharCode(...codes));
const data = fc.nat(5).chain((words) => fc.uint8Array({ minLength: words * 8, maxLength: words * 8 }));
const use: fc.Arbitrary<MatchUse> = fc.record({ name: text(28), revision: fc.nat(255), data });

function target(chains: readonly string[]): fc.Arbitrary<TargetUse> {
  const plain = fc.constantFrom('accept', 'drop', 'queue', 'return', 'continue').map((kind): TargetUse => ({ kind }));
  // The standard target and ERROR aren't extensions.
  const other = use.filter(({ name }) => name !== 'ERROR').map((found): TargetUse => ({ kind: 'extension', ...found }));
  if (chains.length === 0) return fc.oneof(plain, other);
  const kinds = fc.constantFrom('jump', 'goto');
  return fc.oneof(plain, other, fc.record({ kind: kinds, chain: fc.constantFrom(...chains) }));
}

function rule(chains: readonly string[]): fc.Arbitrary<Rule> {
  const parts = fc.record({ header, matches: fc.array(use, { maxLength: 3 }), target: target(chains), counters });
  return parts.map((found) => ({
    index: 0,
    ...found,
    header: { ...found.header, flags: found.header.flags | (found.target.kind === 'goto' ? 2 : 0) },
  }));
}

const closing = (kind: 'accept' | 'drop' | 'return'): fc.Arbitrary<Rule> =>
  counters.map((found) => ({ index: 0, header: anything, matches: [], target: { kind }, counters: found }));

/** Gives entries the indices that they have in the blob. */
function numbered(found: Table): Table {
  let next = 0;
  const number = (one: Rule): Rule => ({ ...one, index: next++ });
  const chains = found.chains.map((chain): Chain => {
    if (chain.kind === 'builtin') return { ...chain, rules: chain.rules.map(number), policy: number(chain.policy) };
    const headIndex = next++;
    return { ...chain, headIndex, rules: chain.rules.map(number), tail: number(chain.tail) };
  });
  return { ...found, chains };
}

/** Jumps lead only to chains further down: no loops. */
export const table: fc.Arbitrary<Table> = fc
  .record({
    name: fc.constantFrom('filter', 'nat', 'mangle', 'raw', 'security'),
    users: fc.uniqueArray(
      text(29).filter((name) => !/^(PREROUTING|INPUT|FORWARD|OUTPUT|POSTROUTING)$/.test(name)),
      { maxLength: 4 },
    ),
  })
  .chain(({ name, users }) => {
    const builtin = ipv4.tables[name].chains.map((one) =>
      fc
        .record({
          rules: fc.array(rule(users), { maxLength: 3 }),
          policy: fc.oneof(closing('accept'), closing('drop')),
        })
        .map((found): Chain => ({ kind: 'builtin', name: one.name, hook: one.hook, ...found })),
    );
    const user = users.map((chain, index) =>
      fc
        .record({ rules: fc.array(rule(users.slice(index + 1)), { maxLength: 3 }), tail: closing('return') })
        .map((found): Chain => ({ kind: 'user', name: chain, headIndex: 0, ...found })),
    );
    return fc.tuple(...builtin, ...user).map((chains) => numbered({ name, chains }));
  });
