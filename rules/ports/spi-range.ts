import { rangeGroups } from '../bpf/groups.ts';
import type { BpfMatch } from '../bpf/test.ts';
import { type Condition, type NumberField, numberTest } from './number-range.ts';
import { checkInvertFlags, printUnknownFlags } from './unknown-flags.ts';

/** What ipt_ah, xt_esp and xt_ipcomp say about the security parameter index. */
export interface SpiRange {
  readonly spis: readonly [min: number, max: number];
  readonly invflags: number;
}

const INV_SPI = 0x01;
const MAX_SPI = 0xffffffff;

/** Refuses inversion flags that the kernel doesn't know. */
export function checkSpis(match: string, { invflags }: SpiRange): void {
  checkInvertFlags(match, invflags, INV_SPI);
}

/** Whether the field is in the range; the range may go past what the field holds (ipcomp: 16 bits). */
export function spiTest(field: NumberField, { spis: [min, max], invflags }: SpiRange): Condition {
  return numberTest(field, [{ min, max: Math.min(max, field.limit) }], (invflags & INV_SPI) !== 0);
}

/** The same for BPF. */
export function spiGroups(
  field: 'spi' | 'ahSpi' | 'destinationPort',
  limit: number,
  { spis: [min, max], invflags }: SpiRange,
): BpfMatch['groups'] {
  return rangeGroups([field], limit, [{ min, max: Math.min(max, limit) }], (invflags & INV_SPI) !== 0);
}

/** `spi:5`, `spis:!1:9`, or nothing where any will do (print_spis of libipt_ah.c, libxt_esp.c, libxt_ipcomp.c). */
export function printSpis({ spis: [min, max], invflags }: SpiRange): string {
  const inverted = (invflags & INV_SPI) !== 0;
  if (min === 0 && max === MAX_SPI && !inverted) return '';
  const not = inverted ? '!' : '';
  return min === max ? `spi:${not}${min}` : `spis:${not}${min}:${max}`;
}

/** What `iptables -L` puts behind it for flags it doesn't know. */
export function printUnknownSpiFlags({ invflags }: SpiRange): string {
  return printUnknownFlags(invflags, INV_SPI);
}

/** As `iptables -S` prints it. An inverted full range, which can't hold, isn't printed: iptables' own flaw. */
export function saveSpis(option: string, { spis: [min, max], invflags }: SpiRange): string {
  if (min === 0 && max === MAX_SPI) return '';
  return `${(invflags & INV_SPI) !== 0 ? ' !' : ''} ${option} ${min === max ? min : `${min}:${max}`}`;
}
