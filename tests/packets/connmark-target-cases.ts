import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { oddOnes } from './in-chains.ts';

const marks = ['0', '1', '2', '3', '5', '0x10', '0x12', '0x30', '0x50', '0x102', '0x120'].map(
  (mark) => `-m mark --mark ${mark}`,
);
const marked = [...marks, '-m mark --mark 1/1', '-m mark --mark 0x80000000/0x80000000'];

/** The packet's mark is 0x12 or 0x31 when it comes by; what the connection has is given to it at the end. */
function connmark(options: string): PacketCase {
  return {
    title: `CONNMARK ${options}`,
    steps: [
      {
        restore: table('mangle', [
          '-A PREROUTING -p tcp -j CONNMARK --set-mark 0x103',
          '-A PREROUTING -p udp -j MARK --set-mark 0x12',
          '-A PREROUTING -p tcp -j MARK --set-mark 0x31',
          `-A PREROUTING -j CONNMARK ${options}`,
          ...marked.map((test) => `-A PREROUTING ${test}`),
          `-A OUTPUT -j CONNMARK ${options}`,
          '-A INPUT -j CONNMARK --restore-mark',
          '-A POSTROUTING -j CONNMARK --restore-mark',
          ...['INPUT', 'POSTROUTING'].flatMap((chain) => marked.map((test) => `-A ${chain} ${test}`)),
        ]),
      },
      { send: [...flows, ...oddOnes] },
    ],
  };
}

export const connmarkCases: readonly PacketCase[] = [
  ...[
    '--set-mark 5',
    '--set-mark 0x10/0xf0',
    '--set-xmark 0x3/0x1',
    '--and-mark 0xfffffffd',
    '--or-mark 0x80000000',
    '--xor-mark 0x2',
    '--set-xmark 0/0',
    '--save-mark',
    '--save-mark --mask 0x10',
    '--save-mark --nfmask 0x30 --ctmask 0xffffffff',
    '--save-mark --nfmask 0 --ctmask 0x3',
    '--restore-mark',
    '--restore-mark --mask 0x3',
    '--restore-mark --nfmask 0xffffffff --ctmask 0x2',
    '--restore-mark --nfmask 0x3 --ctmask 0x100',
    '--set-xmark 0x1/0xf --left-shift-mark 4',
    '--set-xmark 0x200/0xf --right-shift-mark 8',
    '--save-mark --nfmask 0xff --ctmask 0xffffffff --right-shift-mark 4',
    '--restore-mark --nfmask 0xffffffff --ctmask 0xff --left-shift-mark 4',
    '--restore-mark --mask 0x3 --left-shift-mark 1',
  ].map(connmark),
  {
    title: 'CONNMARK in raw, and of what is not tracked',
    steps: [
      {
        restore:
          table('raw', [
            '-A PREROUTING -p icmp -j CT --notrack',
            '-A PREROUTING -j CONNMARK --set-mark 5',
            '-A OUTPUT -j CONNMARK --set-mark 5',
          ]) +
          table('mangle', [
            '-A PREROUTING -j MARK --set-mark 2',
            '-A PREROUTING -p icmp -j CONNMARK --restore-mark',
            '-A PREROUTING -p udp -j CONNMARK --save-mark',
            '-A PREROUTING -m mark --mark 2',
            '-A PREROUTING -m mark --mark 5',
            '-A POSTROUTING -j CONNMARK --restore-mark',
            ...marked.map((test) => `-A POSTROUTING ${test}`),
          ]),
      },
      { send: flows },
    ],
  },
];
