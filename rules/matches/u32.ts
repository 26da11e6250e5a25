import { array, bytes, defineStruct, u8, u32 as u32Field, type ValueOf } from '../../protocol/struct.ts';
import { always, type BpfMatch, within } from '../bpf/test.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { structRevision } from '../struct-revision.ts';

/** XT_U32_MAXSIZE + 1: tests of a match, steps and ranges of a test. */
const MOST = 11;
const header = 'linux/netfilter/xt_u32.h';

const xt_u32_location_element = defineStruct('xt_u32_location_element', header, {
  number: u32Field,
  nextop: u8,
  pad: bytes(3),
});
const xt_u32_value_element = defineStruct('xt_u32_value_element', header, { min: u32Field, max: u32Field });
const xt_u32_test = defineStruct('xt_u32_test', header, {
  location: array(xt_u32_location_element, MOST),
  value: array(xt_u32_value_element, MOST),
  nnums: u8,
  nvalues: u8,
  pad: bytes(2),
});
const xt_u32 = defineStruct('xt_u32', header, {
  tests: array(xt_u32_test, MOST),
  ntests: u8,
  invert: u8,
  pad: bytes(2),
});

export type U32Info = ValueOf<typeof xt_u32>;
type U32Test = ValueOf<typeof xt_u32_test>;

/** enum xt_u32_ops, as they are written; another number is a step that does nothing and isn't shown. */
const operators: readonly (string | undefined)[] = ['&', '<<', '>>', '@'];
/** XT_U32_LEFTSH, XT_U32_RIGHTSH. */
const shifts = [1, 2];
const reason = 'nft has no offsets computed from the packet, and no tests of a field by several ranges at once';

/** `-m u32` (net/netfilter/xt_u32.c, libxt_u32.c): arithmetic over the packet's bytes, from its IP header on. */
export const u32 = defineMatch<U32Info>({
  name: 'u32',
  revisions: { 0: structRevision(xt_u32) },
  coverage: { none: reason },
  examples: [
    '-m u32 {|!} --u32 "0>>22&0x3C={20|24|20:60}"',
    '-m u32 {|!} --u32 "6&0xFF={1|6|17|6,17|1:17}"',
    '-m u32 {|!} --u32 "4&0x3FFF=0&&0>>22&0x3C@0>>16={0-65535}:65535"',
    '-m u32 --u32 "{0-80}&{u32}={u32}:0xffffffff"',
  ],
  placement: { anyFamily: true },
  check({ tests, ntests }) {
    if (ntests > MOST) refuse(`u32: ${ntests} tests, at most ${MOST} fit`);
    for (const { location, nnums, nvalues } of tests.slice(0, ntests)) {
      if (nnums > MOST) refuse(`u32: a location of ${nnums} numbers, at most ${MOST} fit`);
      if (nvalues > MOST) refuse(`u32: ${nvalues} ranges of values, at most ${MOST} fit`);
      for (const { number, nextop } of location.slice(1, nnums)) {
        if (number > 31 && shifts.includes(nextop)) refuse(`u32: a shift by ${number} bits, at most 31 are left`);
      }
    }
  },
  print: (info) => ` u32${info.invert !== 0 ? ' !' : ''}${testsText(info)}`,
  save: (info) => `${info.invert !== 0 ? ' !' : ''} --u32${testsText(info)}`,
  nft: () => cannotExpress(`u32: ${reason}`),

  bpf({ tests, ntests, invert }) {
    // a byte that the kernel XORs with 0 or 1: from 2 on the outcome is true either way
    if (invert > 1) return always;
    return { groups: tests.slice(0, ntests).flatMap(testGroups), inverted: invert === 1 };
  },
});

function testsText({ tests, ntests }: U32Info): string {
  return ` "${tests.slice(0, ntests).map(testText).join('&&')}"`;
}

function testText({ location, nnums, value, nvalues }: U32Test): string {
  // the first number is shown whatever their count
  const steps = location
    .slice(0, Math.max(1, nnums))
    .map(({ number, nextop }, index) => `${index === 0 ? '' : (operators[nextop] ?? '')}${hex(number)}`);
  const ranges = value.slice(0, nvalues).map(({ min, max }) => (min === max ? hex(min) : `${hex(min)}:${hex(max)}`));
  return `${steps.join('')}=${ranges.join(',')}`;
}

function hex(number: number): string {
  return `0x${number.toString(16)}`;
}

/** XT_U32_AND to XT_U32_AT, by number. */
const looks = ['u32And', 'u32Left', 'u32Right', 'u32At'] as const;

function testGroups({ location, nnums, value, nvalues }: U32Test): BpfMatch['groups'] {
  const [start, ...steps] = location.slice(0, Math.max(1, nnums));
  return [
    [{ kind: 'u32Load', first: start?.number ?? 0 }],
    ...steps.flatMap(({ number, nextop }) => {
      const kind = looks[nextop];
      return kind === undefined ? [] : [[{ kind, first: number }]];
    }),
    value.slice(0, nvalues).map(({ min, max }) => within('registerA', min, max)),
  ];
}
