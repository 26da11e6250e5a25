import { type MatchCase, matching } from './matching.ts';
import { inEveryShape } from './octets.ts';
import { fragments, truncated } from './odd-packets.ts';
import { everyWay, tcpProbes, through } from './probes.ts';
import { tcp } from './transport.ts';

export const mssPackets = [
  ...everyWay(tcpProbes),
  ...through([
    tcp({ options: [2, 4, 0, 0] }),
    tcp({ options: [2, 4, 255, 255] }),
    tcp({ options: [2, 4, 5, 181] }),
    tcp({ options: [1, 1, 2, 4, 2, 24] }),
    tcp({ options: [2, 3, 9, 2, 4, 5, 180, 0] }),
    tcp({ options: [2, 6, 5, 180, 0, 0, 2, 4, 5, 180] }),
    tcp({ options: [2, 4, 1, 0, 2, 4, 5, 180] }),
    tcp({ options: [1, 2, 4, 5] }),
    tcp({ options: [2, 0, 2, 4, 5, 180] }),
    tcp({ options: [8, 40, 2, 4, 5, 180] }),
    tcp({ options: [2, 4, 5, 180], dataOffset: 4 }),
    tcp({ options: [2, 4, 5, 180], dataOffset: 15 }),
  ]),
  ...inEveryShape([tcp({ options: [2, 4, 5, 180], data: 30 })], 24),
  ...truncated,
  ...fragments,
];
export const tcpmssCases: readonly MatchCase[] = [
  ...['1460', '! 1460', '0:1460', '! 536:1460', '0', '65535', '! 0:65535', '0:65535'].map((one) =>
    matching(`-p tcp -m tcpmss ${one.startsWith('!') ? '! ' : ''}--mss ${one.replace('! ', '')}`, mssPackets),
  ),
  matching('-p tcp -m tcp --syn -m tcpmss --mss 1:2000', mssPackets),
];
