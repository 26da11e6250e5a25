import { describe, expect, it } from 'vitest';
import { errno } from '../../protocol/errno.ts';
import type { MatchUse, Rule } from '../ir.ts';
import { expressionsOf, nftMissing } from '../testing/nft-load.ts';
import { tableContext } from './context.ts';
import { compileRule } from './rule.ts';
import { ruleText } from './testing/rule-text.ts';
import {
  anyPort,
  comment,
  extension,
  limit,
  mark,
  nth,
  quota,
  type RuleFields,
  rule,
  tcp,
  udp,
  udpFrom,
} from './testing/rules.ts';
import { anyXt } from './xt.ts';

const context = tableContext('filter');
const onTcp = (...matches: readonly MatchUse[]): RuleFields => ({ header: { protocol: 6 }, matches });
const onUdp = (...matches: readonly MatchUse[]): RuleFields => ({ header: { protocol: 17 }, matches });

/** Rules of the chain first, then each chain of its own as "name: rule | rule". */
function compiled(one: Rule, covered = 0): readonly string[] {
  const { rules, chains, objects } = compileRule(one, 7, context, { covered });
  return [
    ...rules.map(({ expr }) => ruleText(expr)),
    ...chains.map(({ name, rules: own }) => `${name}: ${own.map(({ expr }) => ruleText(expr)).join(' | ')}`),
    ...objects.map(({ name }) => name),
  ];
}

const first = 'ip.frag-off&==0';
const whole = (bytes: number) => `${first} th.${bytes - 1}&!=2`;

describe('compileRule', () => {
  it.each<[string, RuleFields, readonly string[]]>([
    ['a target alone', {}, ['counter:r7 accept']],
    ['no target', { target: { kind: 'continue' } }, ['counter:r7']],
    ['RETURN', { target: { kind: 'return' } }, ['counter:r7 return']],
    ['a jump', { target: { kind: 'jump', chain: 'x y' } }, ['counter:r7 jump:chain_x_20y']],
    ['a goto', { target: { kind: 'goto', chain: 'x' } }, ['counter:r7 goto:x']],
    [
      'a target with statements',
      { target: extension('MARK', 2, { mark: 1, mask: 0xffffffff }) },
      ['counter:r7 mangle'],
    ],
    ['a header that never matches', { header: { source: 1 }, matches: [tcp()] }, []],
    [
      'a guarded match',
      onTcp(tcp(80)),
      ['l4proto==6 jump:guard_20_1', `l4proto==6 tcp.dport==80 ${first} counter:r7 accept`],
    ],
    ['a guarded match that never matches', onUdp(udp('never')), ['l4proto==17 jump:guard_8']],
    ['a match behind one that never matches', onUdp(udp('never'), anyPort(1), limit(2)), ['l4proto==17 jump:guard_8']],
    [
      'alternatives',
      onUdp(mark(1), anyPort(1)),
      [
        'l4proto==17 mark==1 jump:guard_4',
        `l4proto==17 mark==1 udp.sport==1 ${first} counter:r7 accept`,
        `l4proto==17 mark==1 udp.sport&!=1 udp.dport==1 ${first} counter:r7 accept`,
      ],
    ],
    [
      'a limit behind',
      onUdp(udp(1), limit(2)),
      ['l4proto==17 jump:guard_8', `l4proto==17 udp.dport&==1 ${first} limit counter:r7 accept`],
    ],
    [
      'a limit before what has no header to read',
      { matches: [limit(2), mark(1)] },
      ['limit mark==1 counter:r7 accept'],
    ],
    [
      'a limit, then never',
      onUdp(limit(2), udp('never')),
      ['l4proto==17 jump:guard_r7', 'guard_r7: limit:l7 goto:guard_r7_then', 'guard_r7_then: jump:guard_8', 'l7'],
    ],
    [
      'a limit behind alternatives',
      onUdp(anyPort(1), limit(2)),
      [
        'l4proto==17 jump:guard_4',
        `l4proto==17 udp.sport&==1 ${first} limit:l7 counter:r7 accept`,
        `l4proto==17 udp.sport&!=1 udp.dport&==1 ${first} limit:l7 counter:r7 accept`,
        'l7',
      ],
    ],
    ['a quota', { matches: [quota(9), mark(1)] }, ['quota:q7_bytes mark==1 counter:r7 accept', 'q7_bytes']],
    [
      'a quota behind alternatives',
      onUdp(anyPort(1), quota(9)),
      [
        'l4proto==17 jump:guard_4',
        `l4proto==17 udp.sport&==1 ${first} quota:q7_bytes counter:r7 accept`,
        `l4proto==17 udp.sport&!=1 udp.dport&==1 ${first} quota:q7_bytes counter:r7 accept`,
        'q7_bytes',
      ],
    ],
    [
      'a quota before a guarded match',
      onUdp(quota(9), udp(1)),
      [
        'l4proto==17 jump:guard_r7',
        `l4proto==17 udp.dport&==1 ${whole(8)} quota:q7_bytes counter:r7 accept`,
        `guard_r7: udp.dport&==1 ${whole(8)} return | quota:q7_bytes goto:guard_r7_then`,
        'guard_r7_then: jump:guard_8',
        'q7_bytes',
      ],
    ],
    [
      'two quotas',
      { matches: [quota(9), quota(9)] },
      ['quota:q7_bytes quota:q7_bytesx counter:r7 accept', 'q7_bytes', 'q7_bytesx'],
    ],
    [
      'a turn behind what has one way',
      onUdp(udp(1), nth(3)),
      [
        'l4proto==17 jump:guard_8',
        `l4proto==17 udp.dport&==1 ${first} {"numgen":{"mode":"inc","mod":3,"offset":0}}==0 counter:r7 accept`,
      ],
    ],
    [
      'a limit between guarded matches',
      onUdp(udpFrom(5), limit(2), udp(1)),
      [
        'l4proto==17 jump:guard_8',
        `l4proto==17 udp.sport&==5 ${first} jump:guard_r7`,
        `l4proto==17 udp.sport&==5 ${first} udp.dport&==1 ${whole(8)} limit:l7 counter:r7 accept`,
        `guard_r7: udp.dport&==1 ${whole(8)} return | limit:l7 goto:guard_r7_then`,
        'guard_r7_then: jump:guard_8',
        'l7',
      ],
    ],
  ])('%s', (_, fields, expected) => expect(compiled(rule(fields))).toEqual(expected));

  it('leaves covered guards out, and with them what they would have needed', () => {
    expect(compiled(rule(onTcp(tcp(80))), 1)).toEqual([`l4proto==6 tcp.dport==80 ${first} counter:r7 accept`]);
    expect(compiled(rule(onUdp(limit(2), udp(1))), 1)).toEqual([
      `l4proto==17 limit udp.dport&==1 ${first} counter:r7 accept`,
    ]);
    expect(compiled(rule(onUdp(limit(2), anyPort(1))), 1)).toEqual([
      'l4proto==17 jump:guard_r7',
      `l4proto==17 udp.sport&==1 ${first} limit:l7 counter:r7 accept`,
      `l4proto==17 udp.sport&!=1 udp.dport&==1 ${first} limit:l7 counter:r7 accept`,
      `guard_r7: udp.sport&==1 ${first} return | udp.sport&!=1 udp.dport&==1 ${first} return | limit:l7`,
      'l7',
    ]);
  });

  it('shows comments with the rule, and finds guards by theirs', () => {
    const { rules } = compileRule(
      rule({ header: { protocol: 6 }, matches: [comment('one'), tcp(80), comment('two')] }),
      7,
      context,
    );
    expect(rules.map((one) => one.comment)).toEqual(['guard of r7', 'one; two']);
  });

  const unshareable = "can't be shared between several nft rules; nor can the kernel's own match ";
  it.each<[string, RuleFields, string]>([
    ['QUEUE', { target: { kind: 'queue' } }, 'QUEUE'],
    ['QUEUE that is never reached', { header: { source: 1 }, target: { kind: 'queue' } }, 'QUEUE'],
    ['a turn behind alternatives', onUdp(anyPort(1), nth(3)), unshareable],
    ['a turn before a guarded match', onUdp(nth(3), udp(1)), unshareable],
    ['two limits with alternatives behind them', onUdp(limit(2), limit(3), anyPort(1)), 'two matches with a state'],
  ])('refuses %s', (_, fields, message) => expect(() => compileRule(rule(fields), 7, context)).toThrow(message));

  it.each<[string, RuleFields]>([
    ['alternatives before a turn', onUdp(anyPort(1), nth(3))],
    ['a guarded match behind a turn', onUdp(nth(3), udp(1))],
    ['a guarded match behind a turn that never matches', onUdp(nth(3), udp('never'))],
  ])("%s: all by the kernel's own", (_, fields) => {
    const { rules, chains, objects } = compileRule(rule(fields), 7, tableContext('filter', { xt: anyXt }));
    expect([rules.map(({ expr }) => ruleText(expr)), chains, objects]).toEqual([
      ['l4proto==17 xt xt counter:r7 accept'],
      [],
      [],
    ]);
  });

  it('refuses with EOPNOTSUPP', () => {
    expect(() => compileRule(rule({ target: { kind: 'queue' } }), 7, context)).toThrow(
      expect.objectContaining({ code: 'not-expressible' }),
    );
    expect(errno.EOPNOTSUPP).toBe(95);
  });
});

describe.skipIf(nftMissing)(`the order nft compiles to (${nftMissing ?? 'here'})`, () => {
  /** What a rule does, one letter each: source port, destination port, limit. */
  const order = (one: Rule, covered: number) =>
    compileRule(one, 7, context, { covered }).rules.map(({ expr }) =>
      expressionsOf(
        expr
          .filter((statement) => !('counter' in statement))
          .map((statement) => ('limit' in statement ? { limit: { rate: 1, per: 'hour', burst: 1 } } : statement)),
      )
        .map((text) =>
          text.includes('transport header + 0')
            ? 's'
            : text.includes('transport header + 2')
              ? 'd'
              : text.startsWith('limit')
                ? 'L'
                : '',
        )
        .join(''),
    );

  it.each<[string, RuleFields, number, readonly string[]]>([
    ['ports around a limit', onUdp(udpFrom(5), limit(2), udp(1)), 3, ['sLd']],
    ['ports before a limit', onUdp(udp(1), udpFrom(5), limit(2)), 3, ['dsL']],
    ['ports behind a limit', onUdp(limit(2), udpFrom(5), udp(1)), 3, ['Lsd']],
    ['alternatives', onUdp(anyPort(9), limit(2), udp(1)), 3, ['sLd', 'sdLd']],
  ])('%s', (_, fields, covered, expected) => expect(order(rule(fields), covered)).toEqual(expected));
});
