import { array, defineStruct, u8, u16, type ValueOf } from '../../protocol/struct.ts';
import { askedProtocol } from '../asked-protocol.ts';
import { rangeGroups } from '../bpf/groups.ts';
import type { Field } from '../bpf/record.ts';
import type { BpfMatch } from '../bpf/test.ts';
import { type CheckContext, defineMatch, type NftAlternatives, refuse } from '../extension.ts';
import { isFirst } from '../nft/fragment.ts';
import { allOf, type NumberRange, numberTest } from '../ports/number-range.ts';
import { MAX_PORT, printPort } from '../ports/port-pair.ts';
import { structRevision } from '../struct-revision.ts';

/** XT_MULTI_PORTS: slots for ports; a range takes two. */
const SLOTS = 15;

const xt_multiport_v1 = defineStruct('xt_multiport_v1', 'linux/netfilter/xt_multiport.h', {
  flags: u8,
  count: u8,
  ports: array(u16, SLOTS),
  pflags: array(u8, SLOTS),
  invert: u8,
});

export type MultiportInfo = ValueOf<typeof xt_multiport_v1>;

/** enum xt_multiport_flags: which ports are meant, by the value of `flags`. */
const options: readonly (string | undefined)[] = ['sports', 'dports', 'ports'];
const SOURCE = 0;
const DESTINATION = 1;

/** The protocols whose headers begin with two ports, by number. */
const protocols: Readonly<Record<number, string>> = { 6: 'tcp', 17: 'udp', 33: 'dccp', 132: 'sctp', 136: 'udplite' };

/** `-m multiport`: lists of ports and port ranges (net/netfilter/xt_multiport.c, extensions/libxt_multiport.c). */
export const multiport = defineMatch<MultiportInfo>({
  name: 'multiport',
  revisions: { 1: structRevision(xt_multiport_v1) },
  coverage: 'all',
  examples: [
    '-p {tcp|udp} -m multiport {|!} --dports {ports}',
    '-p {tcp|udp} -m multiport {|!} --sports {ports}',
    '-p {tcp|udp} -m multiport {|!} --ports {ports}',
  ],
  placement: {},
  check,

  print(info, context) {
    const protocol = protocols[context.header.protocol] ?? '';
    const list = portList(info, (port) => printPort(port, protocol, context));
    return ` multiport ${options[info.flags] ?? 'ERROR'} ${info.invert !== 0 ? ' !' : ''}${list}`;
  },

  save(info) {
    const option = options[info.flags];
    return `${info.invert !== 0 ? ' !' : ''}${option === undefined ? '' : ` --${option} `}${portList(info, String)}`;
  },

  nft: (info, { header }) => ({
    alternatives: alternatives(info, protocols[header.protocol] ?? 'th'),
    transport: { bytes: 4 },
  }),
  bpf: (info) => ({ groups: groups(info), transport: { need: 1 } }),
});

function check({ flags, count, ports, pflags }: MultiportInfo, { header }: CheckContext): void {
  if (protocols[askedProtocol(header)] === undefined) {
    refuse('multiport: needs -p tcp, udp, udplite, sctp or dccp, not inverted');
  }
  if (options[flags] === undefined) refuse(`multiport: flags ${flags}, known are 0 to ${options.length - 1}`);
  if (count > SLOTS) refuse(`multiport: ${count} ports, at most ${SLOTS} fit`);
  for (let i = 0; i < count; i++) {
    if (pflags[i] === 0) continue;
    const [first = 0, last = 0] = ports.slice(i, i + 2);
    i++;
    if (i >= count) refuse(`multiport: range from ${first} without an end`);
    if (pflags[i] !== 0) refuse(`multiport: end of range ${first}:${last} begins a range itself`);
    if (first > last) refuse(`multiport: range ${first}:${last} is upside down`);
  }
}

/** The ranges in the blob's order; a single port is a range of one. */
function rangesOf({ count, ports, pflags }: MultiportInfo): readonly NumberRange[] {
  const ranges: NumberRange[] = [];
  for (let i = 0; i < Math.min(count, SLOTS); i++) {
    const min = ports[i] ?? 0;
    const max = pflags[i] !== 0 ? (ports[++i] ?? 0) : min;
    ranges.push({ min, max });
  }
  return ranges;
}

/** "80,443,1000:2000": a range stays one even when its ends are equal. */
function portList({ count, ports, pflags }: MultiportInfo, port: (number: number) => string): string {
  const parts: string[] = [];
  for (let i = 0; i < Math.min(count, SLOTS); i++) {
    const first = port(ports[i] ?? 0);
    parts.push(pflags[i] !== 0 ? `${first}:${port(ports[++i] ?? 0)}` : first);
  }
  return parts.join(',');
}

/** Either port in the list: the source's is, or it isn't and the destination's is. Inverted: neither is. */
function alternatives(info: MultiportInfo, protocol: string): NftAlternatives {
  // a byte that the kernel XORs with 0 or 1: from 2 on the outcome is true either way
  if (info.invert > 1) return [[isFirst]];
  const ranges = rangesOf(info);
  const inverted = info.invert === 1;
  const source = (not: boolean) => numberTest({ protocol, field: 'sport', limit: MAX_PORT }, ranges, not);
  const destination = (not: boolean) => numberTest({ protocol, field: 'dport', limit: MAX_PORT }, ranges, not);
  const wanted =
    info.flags === SOURCE
      ? [source(inverted)]
      : info.flags === DESTINATION
        ? [destination(inverted)]
        : inverted
          ? [allOf([source(true), destination(true)])]
          : [source(false), allOf([source(true), destination(false)])];
  return wanted.filter((condition) => condition !== 'never').map((condition) => [...condition, isFirst]);
}

function groups(info: MultiportInfo): BpfMatch['groups'] {
  if (info.invert > 1) return [];
  const fields: readonly Field[] =
    info.flags === SOURCE
      ? ['sourcePort']
      : info.flags === DESTINATION
        ? ['destinationPort']
        : ['sourcePort', 'destinationPort'];
  return rangeGroups(fields, MAX_PORT, rangesOf(info), info.invert === 1);
}
