import { unsupported } from './unsupported.ts';

/** A field of a header, as nft knows it (src/proto.c). */
export interface PayloadField {
  /** NFT_PAYLOAD_*: 1 network header, 2 transport header. */
  readonly base: number;
  /** Bits from the header's first. */
  readonly offset: number;
  readonly bits: number;
  /** The protocol the packet must have, where nft sees to it. */
  readonly protocol?: number;
  /** How nft's userdata of a set names the field. */
  readonly typeOf?: { readonly description: number; readonly field: number };
}

const NETWORK = 1;
const TRANSPORT = 2;

function ip(offset: number, bits: number): PayloadField {
  return { base: NETWORK, offset, bits };
}

function transport(protocol: number | undefined, offset: number, bits: number): PayloadField {
  return { base: TRANSPORT, offset, bits, ...(protocol === undefined ? {} : { protocol }) };
}

/** Both ports; `description` is nft's PROTO_DESC_*. */
function ports(name: string, description: number, protocol?: number): readonly (readonly [string, PayloadField])[] {
  return [
    [`${name} sport`, { ...transport(protocol, 0, 16), typeOf: { description, field: 1 } }],
    [`${name} dport`, { ...transport(protocol, 16, 16), typeOf: { description, field: 2 } }],
  ];
}

const fields: ReadonlyMap<string, PayloadField> = new Map([
  ['ip length', ip(16, 16)],
  ['ip id', ip(32, 16)],
  ['ip frag-off', ip(48, 16)],
  ['ip ttl', ip(64, 8)],
  ['ip saddr', ip(96, 32)],
  ['ip daddr', ip(128, 32)],
  ['icmp type', transport(1, 0, 8)],
  ['icmp code', transport(1, 8, 8)],
  ['tcp doff', transport(6, 96, 4)],
  ['tcp flags', transport(6, 104, 8)],
  ['tcp window', transport(6, 112, 16)],
  ['udp length', transport(17, 32, 16)],
  ...ports('udp', 6, 17),
  ...ports('udplite', 7, 136),
  ...ports('tcp', 8, 6),
  ...ports('dccp', 9, 33),
  ...ports('sctp', 10, 132),
  ...ports('th', 11),
]);

export function payloadField(protocol: string, field: string): PayloadField {
  return fields.get(`${protocol} ${field}`) ?? unsupported(`field "${protocol} ${field}"`);
}

const bases = { nh: NETWORK, th: TRANSPORT } as const;

/** Raw bits of a header: whole bytes, at most four. */
export function rawField(base: string, offset: number, bits: number): PayloadField {
  if (base !== 'nh' && base !== 'th') return unsupported(`payload base "${base}"`);
  if (offset % 8 !== 0 || bits % 8 !== 0 || bits < 8 || bits > 32)
    return unsupported(`payload @${base},${offset},${bits}`);
  return { base: bases[base], offset, bits };
}
