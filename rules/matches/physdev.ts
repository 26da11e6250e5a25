import { bytes, defineStruct, u8, type ValueOf } from '../../protocol/struct.ts';
import { cannotExpress, defineMatch, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';

const xt_physdev_info = defineStruct('xt_physdev_info', 'linux/netfilter/xt_physdev.h', {
  physindev: bytes(16),
  in_mask: bytes(16),
  physoutdev: bytes(16),
  out_mask: bytes(16),
  invert: u8,
  bitmask: u8,
});

export type PhysdevInfo = ValueOf<typeof xt_physdev_info>;

const IN = 1;
const OUT = 2;
const BRIDGED = 4;
const IS_IN = 8;
const IS_OUT = 0x10;
const ALL = 0x1f;

const OUTPUT = 1 << 3;
const reason = 'nft sees the ports of a bridge in the bridge family only';

/** `-m physdev` (net/netfilter/xt_physdev.c, libxt_physdev.c): the ports of the bridge that a packet goes through. */
export const physdev = defineMatch<PhysdevInfo>({
  name: 'physdev',
  revisions: { 0: structRevision(xt_physdev_info) },
  coverage: { none: reason },
  examples: [
    '-m physdev {|!} --physdev-in {interface}',
    '-m physdev {|!} --physdev-is-in',
    '-m physdev {|!} --physdev-is-bridged',
    '-m physdev --physdev-is-bridged {|!} --physdev-out {interface}',
    '-m physdev --physdev-is-bridged {|!} --physdev-is-out',
  ],
  placement: {},
  check({ bitmask, invert }, { hooks }) {
    if ((bitmask & ALL) === 0 || (bitmask & ~ALL) !== 0) refuse(`physdev: tests 0x${bitmask.toString(16)}`);
    const bridged = (bitmask & BRIDGED) !== 0 && (invert & BRIDGED) === 0;
    if ((bitmask & (OUT | IS_OUT)) !== 0 && !bridged && (hooks & OUTPUT) !== 0)
      refuse('physdev: from OUTPUT, --physdev-out and --physdev-is-out are for bridged packets only');
  },
  print: (info) => ` PHYSDEV match${testsText(info)}`,
  save: testsText,
  nft: () => cannotExpress(`physdev: ${reason}`),
  bpf: { none: "the ports of a bridge stand in an extension of the packet, which the machine doesn't read" },
});

function testsText({ bitmask, invert, physindev, physoutdev }: PhysdevInfo): string {
  const tests: readonly (readonly [flag: number, text: string])[] = [
    [IS_IN, '--physdev-is-in'],
    [IN, `--physdev-in ${cText(physindev)}`],
    [IS_OUT, '--physdev-is-out'],
    [OUT, `--physdev-out ${cText(physoutdev)}`],
    [BRIDGED, '--physdev-is-bridged'],
  ];
  return tests
    .filter(([flag]) => (bitmask & flag) !== 0)
    .map(([flag, text]) => `${(invert & flag) !== 0 ? ' !' : ''} ${text}`)
    .join('');
}
