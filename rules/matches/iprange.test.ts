import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { iprange } from './iprange.ts';

const rest = new Uint8Array(12);
const info = (ends: readonly [number, number, number, number], flags: number) => {
  const [src_min, src_max, dst_min, dst_max] = ends.map((ip) => ({ ip, rest }));
  if (!src_min || !src_max || !dst_min || !dst_max) throw new TypeError('four ends are wanted');
  return { src_min, src_max, dst_min, dst_max, flags };
};
const address = (field: string) => ({ payload: { protocol: 'ip', field } });
const low = 0x0a000001;
const high = 0x0a000009;
const zeros = '00'.repeat(12);

describeMatch(iprange, {
  layouts: {
    1: {
      size: 68,
      bytes: `0a000001${zeros} 0a000009${zeros} c0a80101${zeros} ffffffff${zeros} 23 000000`,
      info: info([low, high, 0xc0a80101, 0xffffffff], 0x23),
    },
  },
  examples: [
    {
      name: 'both',
      info: info([low, high, 0, high], 3),
      list: ' source IP range 10.0.0.1-10.0.0.9 destination IP range 0.0.0.0-10.0.0.9',
      save: ' --src-range 10.0.0.1-10.0.0.9 --dst-range 0.0.0.0-10.0.0.9',
      nft: [
        [
          { match: { op: '==', left: address('saddr'), right: { range: ['10.0.0.1', '10.0.0.9'] } } },
          { match: { op: '==', left: address('daddr'), right: { range: ['0.0.0.0', '10.0.0.9'] } } },
        ],
      ],
    },
    {
      name: 'neither',
      info: info([low, high, low, low], 0x33),
      list: ' source IP range ! 10.0.0.1-10.0.0.9 destination IP range ! 10.0.0.1-10.0.0.1',
      save: ' ! --src-range 10.0.0.1-10.0.0.9 ! --dst-range 10.0.0.1-10.0.0.1',
      nft: [
        [
          { match: { op: '!=', left: address('saddr'), right: { range: ['10.0.0.1', '10.0.0.9'] } } },
          { match: { op: '!=', left: { '&': [address('daddr'), 0xffffffff] }, right: '10.0.0.1' } },
        ],
      ],
    },
    {
      name: 'any source',
      info: info([0, 0xffffffff, 0, 0], 1),
      list: ' source IP range 0.0.0.0-255.255.255.255',
      save: ' --src-range 0.0.0.0-255.255.255.255',
      nft: [[]],
    },
    {
      name: 'not any source',
      info: info([0, 0xffffffff, low, high], 0x13),
      list: ' source IP range ! 0.0.0.0-255.255.255.255 destination IP range 10.0.0.1-10.0.0.9',
      save: ' ! --src-range 0.0.0.0-255.255.255.255 --dst-range 10.0.0.1-10.0.0.9',
      nft: [],
    },
    {
      name: 'upside down',
      info: info([high, low, 0, 0], 1),
      list: ' source IP range 10.0.0.9-10.0.0.1',
      save: ' --src-range 10.0.0.9-10.0.0.1',
      nft: [],
    },
    {
      name: 'not upside down',
      info: info([0, 0, high, low], 0x22),
      list: ' destination IP range ! 10.0.0.9-10.0.0.1',
      save: ' ! --dst-range 10.0.0.9-10.0.0.1',
      nft: [[]],
    },
    { name: 'inversions of nothing', info: info([low, high, 0, 0], 0xf0), list: '', save: '', nft: [[]] },
  ],
});

const between = (source: number, destination = 0) => ({ source, destination });

describeBpf(iprange, {
  examples: [
    {
      name: 'a source',
      info: info([low, high, 0, 0], 1),
      takes: [between(low), between(high), between(low + 4)],
      leaves: [between(low - 1, low), between(high + 1, low), between(0)],
    },
    {
      name: 'not a destination',
      info: info([0, 0, low, high], 0x22),
      takes: [between(low, low - 1), between(low, high + 1), between(0, 0xffffffff)],
      leaves: [between(0, low), between(0, high)],
    },
    {
      name: 'a source, and not a destination',
      info: info([0x80000000, 0xffffffff, low, low], 0x23),
      takes: [between(0x80000000, 0), between(0xffffffff, high)],
      leaves: [between(0x7fffffff, 0), between(0x80000000, low)],
    },
    { name: 'neither asked', info: info([low, low, low, low], 0x30), takes: [between(low, low), between(0, 0)] },
    { name: 'any, inverted', info: info([0, 0xffffffff, 0, 0], 0x11), leaves: [between(low), between(0)] },
    { name: 'upside down', info: info([high, low, 0, 0], 1), leaves: [between(low), between(high)] },
    { name: 'upside down, inverted', info: info([high, low, 0, 0], 0x11), takes: [between(low), between(high)] },
  ],
});
