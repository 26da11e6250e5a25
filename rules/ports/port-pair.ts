import { rangeGroups } from '../bpf/groups.ts';
import type { BpfMatch } from '../bpf/test.ts';
import type { PrintContext } from '../extension.ts';
import { allOf, type Condition, numberTest } from './number-range.ts';

/** The largest port. */
export const MAX_PORT = 0xffff;

type Pair = readonly [min: number, max: number];

/** What xt_tcp and xt_udp say about ports. Bit 0 of `invflags` inverts the source, bit 1 the destination. */
export interface PortPair {
  readonly spts: Pair;
  readonly dpts: Pair;
  readonly invflags: number;
}

const INVERTS_SOURCE = 1;
const INVERTS_DESTINATION = 2;

/** Both port tests. Each is a comparison of its own: `! --sport X ! --dport Y` wants both ports to differ. */
export function portPairTest(protocol: string, { spts, dpts, invflags }: PortPair): Condition {
  const test = (field: string, [min, max]: Pair, bit: number) =>
    numberTest({ protocol, field, limit: MAX_PORT }, [{ min, max }], (invflags & bit) !== 0);
  return allOf([test('sport', spts, INVERTS_SOURCE), test('dport', dpts, INVERTS_DESTINATION)]);
}

/** The same for BPF. */
export function portPairGroups({ spts, dpts, invflags }: PortPair): BpfMatch['groups'] {
  const groups = (field: 'sourcePort' | 'destinationPort', [min, max]: Pair, bit: number) =>
    rangeGroups([field], MAX_PORT, [{ min, max }], (invflags & bit) !== 0);
  return [...groups('sourcePort', spts, INVERTS_SOURCE), ...groups('destinationPort', dpts, INVERTS_DESTINATION)];
}

/** As `iptables -L` prints it: " spt:80 dpts:1024:65535" (print_ports of libxt_tcp.c and libxt_udp.c). */
export function printPortPair(protocol: string, { spts, dpts, invflags }: PortPair, context: PrintContext): string {
  const port = (number: number) => printPort(number, protocol, context);
  const print = (name: string, [min, max]: Pair, inverted: boolean) => {
    if (min === 0 && max === MAX_PORT && !inverted) return '';
    const not = inverted ? '!' : '';
    return min === max ? ` ${name}:${not}${port(min)}` : ` ${name}s:${not}${port(min)}:${port(max)}`;
  };
  return `${print('spt', spts, (invflags & INVERTS_SOURCE) !== 0)}${print('dpt', dpts, (invflags & INVERTS_DESTINATION) !== 0)}`;
}

/** As `iptables -S` prints it. An inverted full range, which can't hold, isn't printed: iptables' own flaw. */
export function savePortPair({ spts, dpts, invflags }: PortPair): string {
  const save = (option: string, [min, max]: Pair, inverted: boolean) => {
    if (min === 0 && max === MAX_PORT) return '';
    return `${inverted ? ' !' : ''} ${option} ${min === max ? min : `${min}:${max}`}`;
  };
  return `${save('--sport', spts, (invflags & INVERTS_SOURCE) !== 0)}${save('--dport', dpts, (invflags & INVERTS_DESTINATION) !== 0)}`;
}

/** A port by its service's name, or as a number when it has none or numbers are asked for. */
export function printPort(port: number, protocol: string, { numeric, names }: PrintContext): string {
  return (numeric ? undefined : names.service(port, protocol)) ?? String(port);
}
