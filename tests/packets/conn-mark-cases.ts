import { beside } from './beside-foreign.ts';
import { type PacketCase, table } from './case.ts';
import { both, counting } from './counting.ts';
import { flows } from './flows.ts';

const marks = ['1', '0', '0x10/0xf0', '0xff0000ff', '0x1/0x1', '0x100/0xff', '0/0', '5/0'];
const connmark = marks.flatMap((one) => both.map((not) => `-m connmark ${not}--mark ${one}`));
const labels = ['0', '5', '64', '127', '40'];
const connlabel = [
  ...labels.flatMap((one) => both.map((not) => `-m connlabel ${not}--label ${one}`)),
  '-p udp -m connlabel --label 9 --set',
  '-m connlabel ! --label 9 --set',
];

/** Labels that one rule sets and others see, and what a limit before or behind makes of it. */
const setting: PacketCase = {
  title: 'connlabel --set',
  steps: [
    {
      restore:
        table('mangle', [
          '-A PREROUTING -p udp -m connlabel --label 7 --set',
          '-A PREROUTING -m connlabel ! --label 7',
          '-A PREROUTING -p tcp -m quota --quota 200 -m connlabel --label 8 --set -m tcp --dport 80',
          '-A PREROUTING -p icmp -m connlabel ! --label 9 --set -j DROP',
        ]) +
        table('filter', [
          ...['INPUT', 'FORWARD', 'OUTPUT'].flatMap((chain) =>
            ['7', '8', '9'].flatMap((one) => both.map((not) => `-A ${chain} -m connlabel ${not}--label ${one}`)),
          ),
          '-A FORWARD -m connlabel --label 7 -j DROP',
        ]),
    },
    { send: flows },
  ],
};

export const connMarkCases: readonly PacketCase[] = [
  ...beside([...counting('connmark', connmark, flows), ...counting('connlabel', connlabel, flows)]),
  setting,
];
