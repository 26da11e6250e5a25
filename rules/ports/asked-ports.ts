import type { BpfMatch } from '../bpf/test.ts';
import type { PrintContext } from '../extension.ts';
import type { Condition } from './number-range.ts';
import { MAX_PORT, type PortPair, portPairGroups, portPairTest, printPortPair } from './port-pair.ts';

/** What xt_sctp_info and xt_dccp_info say about ports: bit 0 of `flags` asks for the source, bit 1 for the destination. */
export interface AskedPorts extends PortPair {
  readonly flags: number;
}

const SRC_PORTS = 0x01;
const DEST_PORTS = 0x02;

/** Why both kernel checks refuse it: unknown flags, or inversions of what isn't asked. */
export function askedFlagsProblem(match: string, { flags, invflags }: AskedPorts, known: number): string | undefined {
  if ((flags & ~known) !== 0) return `${match}: unknown flags 0x${flags.toString(16)}`;
  if ((invflags & ~known) !== 0) return `${match}: unknown invflags 0x${invflags.toString(16)}`;
  return (invflags & ~flags) === 0 ? undefined : `${match}: inverts what isn't asked, 0x${invflags.toString(16)}`;
}

export function askedPortsTest(protocol: string, ports: AskedPorts): Condition {
  return portPairTest(protocol, asked(ports));
}

/** The same for BPF. */
export function askedPortsGroups(ports: AskedPorts): BpfMatch['groups'] {
  return portPairGroups(asked(ports));
}

/** As `iptables -L` prints it (print_ports of libxt_sctp.c and libxt_dccp.c). */
export function printAskedPorts(protocol: string, ports: AskedPorts, context: PrintContext): string {
  return printPortPair(protocol, asked(ports), context);
}

/** As `iptables -S` prints it: a full range too, where it was asked for. */
export function saveAskedPorts({ flags, invflags, spts, dpts }: AskedPorts): string {
  const save = (option: string, [min, max]: readonly [number, number], bit: number) => {
    if ((flags & bit) === 0) return '';
    return `${(invflags & bit) === 0 ? '' : ' !'} ${option} ${min === max ? min : `${min}:${max}`}`;
  };
  return `${save('--sport', spts, SRC_PORTS)}${save('--dport', dpts, DEST_PORTS)}`;
}

/** The ports alone, any where none are asked for. */
function asked({ flags, invflags, spts, dpts }: AskedPorts): PortPair {
  const any = [0, MAX_PORT] as const;
  return {
    spts: (flags & SRC_PORTS) === 0 ? any : spts,
    dpts: (flags & DEST_PORTS) === 0 ? any : dpts,
    invflags: flags & invflags & (SRC_PORTS | DEST_PORTS),
  };
}
