import { type MatchCase, matching } from './matching.ts';
import { inEveryShape, octets, others } from './octets.ts';
import type { Sent } from './packet.ts';

const ESP = 50;
const AH = 51;
const IPCOMP = 108;

const ahPackets = [
  ...inEveryShape(
    ['00000000', '00000005', '00000009', '0000000a', '05000000', 'ffffffff'].map((spi) =>
      octets(AH, `06040000 ${spi} 00000001 aabbccddeeff001122334455`),
    ),
    12,
  ),
  ...others,
];
const espPackets = [
  ...inEveryShape(
    ['00000000', '00000005', '00000009', '0000000a', '05000000', 'ffffffff'].map((spi) =>
      octets(ESP, `${spi} 00000001 aabbccddeeff001122334455`),
    ),
    8,
  ),
  ...others,
];
const ipcompPackets = [
  ...inEveryShape(
    ['0000', '0005', '0009', '000a', '0500', 'ffff'].map((cpi) =>
      octets(IPCOMP, `0600 ${cpi} aabbccddeeff001122334455`),
    ),
    4,
  ),
  ...others,
];

/** Some packets have it, some don't, and `! any` never holds. */
function spiCases(start: string, option: string, packets: readonly Sent[]): readonly MatchCase[] {
  return [
    ...['5', '! 5', '5:9', '! 5:9', '0', '! 0', '0:4294967294', '9:4294967295', '! 1:4294967295'].map((one) =>
      matching(`${start} ${one.startsWith('!') ? '! ' : ''}${option} ${one.replace('! ', '')}`, packets),
    ),
    matching(start, packets),
    matching(`${start} ! ${option} 0:4294967295`, packets, 'none'),
    matching(
      `${start} ${option} 0:4294967295 -m limit --limit 1/hour --limit-burst 3 ${start.slice(start.indexOf('-m'))} ${option} 5`,
      packets,
    ),
  ];
}

const ah = spiCases('-p ah -m ah', '--ahspi', ahPackets);
const esp = spiCases('-p esp -m esp', '--espspi', espPackets);
const ipcomp = [
  ...spiCases('-p ipcomp -m ipcomp', '--ipcompspi', ipcompPackets).filter(
    ({ title }) => !title.includes('0:4294967294'),
  ),
  matching('-p ipcomp -m ipcomp --ipcompspi 65536:70000', ipcompPackets, 'none'),
  matching('-p ipcomp -m ipcomp --ipcompspi 6:65536 --compres', ipcompPackets),
];

export const ipsecCases: Readonly<Record<string, readonly MatchCase[]>> = { ah, esp, ipcomp };
