import type { Checksum, Notation, Operand } from './load.ts';
import { etherTypes, protocolNames } from './meta-keys.ts';
import { datatype, expressionType } from './types.ts';
import { unsupported } from './unsupported.ts';

/** Headers by nft's names: NFT_PAYLOAD_* numbers. */
const bases = { ll: 0, nh: 1, th: 2, ih: 3 } as const;

/** NFT_PAYLOAD_CSUM_* */
const INET = 1;
const SCTP = 2;

/** A field of a header: its first bit and how many there are, what stands in it. */
interface Field {
  readonly name: string;
  readonly at: number;
  readonly bits: number;
  readonly type?: number;
  readonly notation?: Notation;
  /** Part of the pseudo header that TCP's and UDP's checksums cover. */
  readonly pseudoHeader?: boolean;
  readonly tellsProtocol?: 'ct';
}

/** A header as nft knows it (src/proto.c): its fields in nft's order, which its userdata counts from 1. */
interface Header {
  readonly base: number;
  /** PROTO_DESC_* of nft. */
  readonly description: number;
  readonly protocol?: Operand['protocol'];
  readonly checksum?: Checksum;
  readonly fields: readonly Field[];
}

function field(name: string, at: number, bits: number, more: Omit<Field, 'name' | 'at' | 'bits'> = {}): Field {
  return { name, at, bits, ...more };
}

const ports = [
  field('sport', 0, 16, { type: datatype.port }),
  field('dport', 16, 16, { type: datatype.port }),
] as const;

const nextHeader = field('nexthdr', 0, 8, { type: datatype.protocol, notation: protocolNames });

/** The checksum of a transport header, which the kernel keeps right where nft writes another field. */
function inetChecksum(at: number): Field {
  return field('checksum', at, 16);
}

/** What an IP header leads to. Its 16-bit checksum is the internet's; another must be given. */
function transport(
  protocol: number,
  description: number,
  fields: readonly Field[],
  checksum: Checksum | undefined = inetSum(fields),
): Header {
  return { base: bases.th, description, protocol, fields, ...(checksum === undefined ? {} : { checksum }) };
}

function inetSum(fields: readonly Field[]): Checksum | undefined {
  const sum = fields.find(({ name }) => name === 'checksum');
  return sum === undefined ? undefined : { offset: sum.at / 8, type: INET };
}

/** The six bits of DiffServ by nft's names. */
const dscpClasses: Readonly<Record<string, number>> = {
  ...Object.fromEntries([0, 1, 2, 3, 4, 5, 6, 7].map((n) => [`cs${n}`, n << 3])),
  ...Object.fromEntries(
    [1, 2, 3, 4].flatMap((n) => [1, 2, 3].map((drop) => [`af${n}${drop}`, (n << 3) | (drop << 1)])),
  ),
  be: 0,
  ef: 0x2e,
  lephb: 1,
};
const ecnCodes = { 'not-ect': 0, ect1: 1, ect0: 2, ce: 3 } as const;
export const tcpFlags = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ecn: 64, cwr: 128 } as const;
const dccpTypes = {
  request: 0,
  response: 1,
  data: 2,
  ack: 3,
  dataack: 4,
  closereq: 5,
  close: 6,
  reset: 7,
  sync: 8,
  syncack: 9,
} as const;
const icmpTypes = {
  'echo-reply': 0,
  'destination-unreachable': 3,
  'source-quench': 4,
  redirect: 5,
  'echo-request': 8,
  'router-advertisement': 9,
  'router-solicitation': 10,
  'time-exceeded': 11,
  'parameter-problem': 12,
  'timestamp-request': 13,
  'timestamp-reply': 14,
  'info-request': 15,
  'info-reply': 16,
  'address-mask-request': 17,
  'address-mask-reply': 18,
} as const;

const headers: Readonly<Record<string, Header>> = {
  ether: {
    base: bases.ll,
    description: 17,
    protocol: 'ethernet',
    fields: [
      field('daddr', 0, 48, { type: datatype.ethernet, notation: 'ethernet address' }),
      field('saddr', 48, 48, { type: datatype.ethernet, notation: 'ethernet address' }),
      field('type', 96, 16, { type: datatype.etherType, notation: etherTypes }),
    ],
  },
  ip: {
    base: bases.nh,
    description: 12,
    checksum: { offset: 10, type: INET },
    fields: [
      field('version', 0, 4),
      field('hdrlength', 4, 4),
      field('dscp', 8, 6, { type: datatype.dscp, notation: dscpClasses }),
      field('ecn', 14, 2, { type: datatype.ecn, notation: ecnCodes }),
      field('length', 16, 16),
      field('id', 32, 16),
      field('frag-off', 48, 16),
      field('ttl', 64, 8),
      field('protocol', 72, 8, {
        type: datatype.protocol,
        notation: protocolNames,
        pseudoHeader: true,
        tellsProtocol: 'ct',
      }),
      field('checksum', 80, 16),
      field('saddr', 96, 32, { type: datatype.ipv4, notation: 'address', pseudoHeader: true }),
      field('daddr', 128, 32, { type: datatype.ipv4, notation: 'address', pseudoHeader: true }),
    ],
  },
  icmp: transport(1, 4, [
    field('type', 0, 8, { type: datatype.icmpType, notation: icmpTypes }),
    field('code', 8, 8, { type: datatype.icmpCode }),
    inetChecksum(16),
  ]),
  ah: transport(51, 1, [
    nextHeader,
    field('hdrlength', 8, 8),
    field('reserved', 16, 16),
    field('spi', 32, 32),
    field('sequence', 64, 32),
  ]),
  esp: transport(50, 2, [field('spi', 0, 32), field('sequence', 32, 32)]),
  comp: transport(108, 3, [nextHeader, field('flags', 8, 8), field('cpi', 16, 16)]),
  udp: transport(17, 6, [...ports, field('length', 32, 16), inetChecksum(48)]),
  udplite: transport(136, 7, [...ports, field('csumcov', 32, 16), inetChecksum(48)]),
  tcp: transport(6, 8, [
    ...ports,
    field('sequence', 32, 32),
    field('ackseq', 64, 32),
    field('doff', 96, 4),
    field('reserved', 100, 4),
    field('flags', 104, 8, { type: datatype.tcpFlag, notation: tcpFlags }),
    field('window', 112, 16),
    inetChecksum(128),
    field('urgptr', 144, 16),
  ]),
  dccp: transport(33, 9, [...ports, field('type', 67, 4, { type: datatype.dccpType, notation: dccpTypes })]),
  sctp: transport(132, 10, [...ports, field('vtag', 32, 32), field('checksum', 64, 32)], { offset: 8, type: SCTP }),
  th: { base: bases.th, description: 11, fields: ports },
};

const operands = new Map(
  Object.entries(headers).map(([name, header]) => [
    name,
    new Map(header.fields.map((one, index) => [one.name, operandOfField(header, one, index + 1)])),
  ]),
);

function operandOfField(
  header: Header,
  { at, bits, type, notation, pseudoHeader, tellsProtocol, name }: Field,
  index: number,
): Operand {
  const { base, description, protocol, checksum } = header;
  const sum: Checksum | undefined =
    checksum === undefined ? undefined : { ...checksum, ...(pseudoHeader === true ? { pseudoHeader } : {}) };
  return {
    load: { kind: 'payload', base, offset: at, bits },
    size: Math.ceil(bits / 8),
    notation: notation ?? 'number',
    key: { type: type ?? datatype.integer, typeOf: { expression: expressionType.payload, data: [description, index] } },
    ...(protocol === undefined ? {} : { protocol }),
    ...(tellsProtocol === undefined ? {} : { tellsProtocol }),
    ...(sum === undefined ? {} : { checksum: sum }),
    ...(name === 'flags' && description === headers.tcp?.description ? { bits: true } : {}),
  };
}

export function payloadField(protocol: string, name: string): Operand {
  return operands.get(protocol)?.get(name) ?? unsupported(`field "${protocol} ${name}"`);
}

/** Raw bits of a header, at most 16 bytes of them. */
export function rawField(base: keyof typeof bases, offset: number, bits: number): Operand {
  if (!(bits > 0 && offset >= 0 && bits + (offset % 8) <= 128)) unsupported(`payload @${base},${offset},${bits}`);
  return {
    load: { kind: 'payload', base: bases[base], offset, bits },
    size: Math.ceil(bits / 8),
    notation: 'number',
    key: {
      type: datatype.integer,
      typeOf: { expression: expressionType.payload, data: [0, 0, bases[base] + 1, offset, bits] },
    },
  };
}
