import { type PacketCase, table } from './case.ts';
import { everywhere, inChains, oddOnes } from './in-chains.ts';
import type { Sent } from './packet.ts';
import { everyWay } from './probes.ts';
import { services } from './tos-target-cases.ts';
import { tcp, udp } from './transport.ts';

const mss = (value: number): readonly number[] => [2, 4, value >> 8, value & 0xff];
const segments: readonly Sent[] = [
  ...everyWay([
    ...[0, 500, 535, 536, 537, 1399, 1400, 1401, 1460, 65535].map((value) => tcp({ options: mss(value) })),
    tcp(),
    tcp({ data: 5 }),
    tcp({ options: [1, 1, 1, 1] }),
    tcp({ options: [1, ...mss(1460), 4, 2, 1] }),
    tcp({ options: [...mss(1460), ...mss(1450)] }),
    tcp({ options: [4, 2, ...mss(1460), 5, 10, 0, 0, 0, 1, 0, 0, 0, 2, 5, 10, 1, 1, 1, 1, 2, 2, 2, 2] }),
    tcp({ options: [...mss(1460), 3, 3, 7, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2] }),
    tcp({ options: [2, 3, 9, ...mss(1460)] }),
    tcp({ options: [1, 1, 1, 1, 8, 40, 0, 0] }),
    tcp({ options: [5, 0, 5, 1, 5, 2, 1, 5] }),
    tcp({ options: [0, ...mss(1460)] }),
    tcp({ options: [1, 1, 2, 4] }),
    tcp({ options: [254, 4, 1, 2, 255, 2, 19, 2] }),
    tcp({ options: Array.from({ length: 40 }, () => 1) }),
    tcp({ flags: 0x12, options: mss(1460) }),
    tcp({ flags: 0xc2, options: mss(1460), data: 3 }),
    tcp({ flags: 0x10, options: mss(1460) }),
    tcp({ options: mss(1460), checksumError: 1 }),
    tcp({ dataOffset: 4 }),
    tcp({ dataOffset: 6 }),
    tcp({ dataOffset: 15, data: 8 }),
    udp(),
  ]),
  ...oddOnes,
];
export const tcpCases: readonly PacketCase[] = [
  ...['--set-mss 1400', '--set-mss 536', '--set-mss 0', '--set-mss 65515'].map((change) =>
    inChains(`TCPMSS ${change}`, everywhere, segments, { protocol: '-p tcp --syn' }),
  ),
  {
    ...inChains('TCPMSS --set-mss 1000', ['FORWARD', 'INPUT', 'OUTPUT'], segments, {
      name: 'filter',
      protocol: '-p tcp --tcp-flags SYN,RST SYN',
    }),
    title: 'TCPMSS in filter',
  },
  {
    title: 'TCPMSS --clamp-mss-to-pmtu',
    steps: [
      { run: 'ip link set right mtu 900; ip link set left mtu 1000' },
      {
        restore: table(
          'mangle',
          ['FORWARD', 'OUTPUT', 'POSTROUTING'].map((chain) => `-A ${chain} -p tcp --syn -j TCPMSS --clamp-mss-to-pmtu`),
        ),
      },
      { send: segments },
    ],
    cleanup: 'ip link set right mtu 1500; ip link set left mtu 1500',
  },
  ...['mss', 'sack', 'mss,sack-permitted,timestamp,wscale,md5', '254,255', '5'].map((kinds) =>
    inChains(`TCPOPTSTRIP --strip-options ${kinds}`, everywhere, segments, { protocol: '-p tcp' }),
  ),
  ...['--ecn-tcp-remove', '--ecn-tcp-cwr 1', '--ecn-tcp-ece 1 --ecn-ip-ect 2'].map((change) =>
    inChains(`ECN ${change}`, everywhere, [...segments, ...services.slice(-40)], { protocol: '-p tcp' }),
  ),
];
