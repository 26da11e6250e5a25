import { type PacketCase, table } from './case.ts';
import { both } from './counting.ts';
import { backwards } from './flows.ts';
import { matching } from './matching.ts';
import { sent } from './packet.ts';
import { everyWay, mixedProbes } from './probes.ts';
import { icmp } from './transport.ts';

const onProcessor0 = { run: 'taskset -pc 0 $PPID >/dev/null' };
const onAnyProcessor = 'taskset -pc 0-$(($(nproc --all) - 1)) $PPID >/dev/null';
const cpu: readonly PacketCase[] = ['0', '1', '4294967295']
  .flatMap((one) => both.map((not) => matching(`-m cpu ${not}--cpu ${one}`, everyWay(mixedProbes))))
  .map(({ title, steps }) => ({ title, steps: [onProcessor0, ...steps], cleanup: onAnyProcessor }));

const groups = ['3', '0', '0x203', '3/3', '0/0xfd', '0x7/0', '0x10000003'].flatMap((one) =>
  both.map((not) => `${not}--src-group ${one}`),
);
const devgroup: PacketCase = {
  title: 'devgroup',
  steps: [
    { run: 'ip link set left group 3; ip link set right group 515' },
    {
      restore: table('filter', [
        ...groups.flatMap((one) => [`-A INPUT -m devgroup ${one}`, `-A FORWARD -m devgroup ${one}`]),
        ...groups
          .map((one) => one.replace('src', 'dst'))
          .flatMap((one) => [`-A FORWARD -m devgroup ${one}`, `-A OUTPUT -m devgroup ${one}`]),
        '-A FORWARD -m devgroup --src-group 3 ! --dst-group 3',
        '-A FORWARD -m devgroup ! --src-group 3 --dst-group 3/3 -j DROP',
      ]),
    },
    {
      send: [
        ...everyWay(mixedProbes),
        ...mixedProbes.map((probe) => sent('right', probe, backwards)),
        sent('host', icmp(), { source: '127.0.0.1', destination: '127.0.0.1' }),
      ],
    },
  ],
  cleanup: 'ip link set left group 0; ip link set right group 0',
};

export const placeCases = [...cpu, devgroup];
