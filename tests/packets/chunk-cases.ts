import { type MatchCase, matching } from './matching.ts';
import { inEveryShape, octets, others } from './octets.ts';
import { fragments } from './odd-packets.ts';
import type { Transport } from './packet.ts';
import { everyWay } from './probes.ts';

const DCCP = 33;
const SCTP = 132;

/** Ports, tag and checksum; chunks as type, flags, length and value. */
function sctpOf(ports: string, ...chunks: readonly string[]): Transport {
  return octets(SCTP, `${ports} 00000001 00000000 ${chunks.join('')}`);
}
const data = '00 03 0014 00000001 00000000 00000000 aabbccdd';
const init = '01 00 0014 00000001 00001000 000a000a 00000001';
const abort = '06 01 0004';
const wholeSctp = [
  sctpOf('04000050', data),
  sctpOf('00500400', init),
  sctpOf('00000000', data, init),
  sctpOf('ffffffff', data, abort),
  sctpOf('00510051', '0e000004'),
  sctpOf('00500050', '00 02 0011 00000001 00000000 00000000 aa000000', init),
  sctpOf('00500050', '40 03 0008 00000000', '84 00 0004'),
  sctpOf('00500050', 'c1 00 0004', '80 00 0004', 'c0 00 0004'),
];
/** No chunk, one without length, cut off, or longer than the packet. */
const brokenSctp = [
  sctpOf('00500050'),
  sctpOf('00500050', '00 03 0000'),
  sctpOf('00500050', data, '01 00 0000'),
  sctpOf('00500050', data, '01 00'),
  sctpOf('00500050', '03 00 ffff'),
  sctpOf('00500050', init, '00 03 0400'),
];
const sctpPackets = [...inEveryShape([...wholeSctp, ...brokenSctp], 18), ...others];
const sctp = [
  ...[
    '--dport 80',
    '! --dport 80',
    '--sport 80',
    '! --sport 80:81',
    '--sport 80 --dport 80',
    '! --sport 1024 ! --dport 80',
    '--dport 81:',
    '--chunk-types any DATA',
    '--chunk-types any INIT,ABORT',
    '--chunk-types all DATA,INIT',
    '--chunk-types only DATA',
    '--chunk-types only DATA,INIT',
    '--chunk-types any DATA:Be',
    '--chunk-types only DATA:BE',
    '--chunk-types any ABORT:T,SHUTDOWN_COMPLETE:t',
    '--chunk-types all ASCONF,ASCONF_ACK',
    '--chunk-types any I_DATA:b',
    '--chunk-types any ALL',
    '--dport 80 --chunk-types any INIT',
  ].map((one) => matching(`-p sctp -m sctp ${one}`, sctpPackets)),
  // ip_tables counts a packet with broken chunks before it drops it where the test is inverted; nft drops it first
  ...['any DATA', 'all DATA,INIT', 'only DATA', 'any ABORT:T'].map((one) =>
    matching(`-p sctp -m sctp ! --chunk-types ${one}`, [...everyWay(wholeSctp), ...others, ...fragments]),
  ),
  matching('-p sctp -m sctp', sctpPackets),
  matching('-p sctp -m sctp ! --sport 0:65535', sctpPackets, 'none'),
  matching('-p sctp -m sctp --chunk-types all ALL', sctpPackets, 'none'),
  matching('-p sctp -m multiport --dports 80,81 -m sctp ! --sport 80', sctpPackets),
];

/** Ports, data offset in words, type; then options (short sequence numbers: 12 bytes of header). */
function dccpOf(ports: string, type: number, options = '', words?: number): Transport {
  const bytes = options.replaceAll(' ', '').length / 2;
  const offset = (words ?? 3 + Math.ceil(bytes / 4)).toString(16).padStart(2, '0');
  return octets(DCCP, `${ports} ${offset} 00 0000 ${(type << 1).toString(16).padStart(2, '0')} 000001 ${options}`);
}
const wholeDccp = [
  dccpOf('04000050', 2),
  dccpOf('00000000', 3, '00000000 00000001'),
  dccpOf('ffffffff', 9, '00000000 00000001'),
  dccpOf('00510051', 4, '00000000 00000001 20 03 05 00'),
  dccpOf('00510051', 2, '20 03 05 00'),
  dccpOf('00510051', 2, '00 00 20 03 05 00 00 00'),
  dccpOf('00510051', 2, '01 01 01 05'),
  dccpOf('00510051', 2, '29 06 00000001 05 02'),
];
/** Types without their own headers, and data offsets that are too short or too long. */
const brokenDccp = [
  ...Array.from({ length: 16 }, (_, type) => dccpOf('00500400', type)),
  dccpOf('00510051', 2, '01 01 01 05', 2),
  dccpOf('00510051', 2, '01 01 01 05', 0),
  dccpOf('00510051', 2, '01 01 01 05', 9),
];
export const dccpPackets = [...inEveryShape([...wholeDccp, ...brokenDccp], 13), ...others];
const dccp = [
  ...[
    '--dport 80',
    '! --dport 80',
    '--sport 80:81',
    '! --sport 80 ! --dport 80',
    '--dccp-types REQUEST',
    '! --dccp-types REQUEST',
    '--dccp-types DATA,ACK,SYNCACK',
    '! --dccp-types DATA,ACK,SYNCACK',
    '--dccp-types INVALID',
    '! --dccp-types INVALID,RESET',
    '--sport 80 --dccp-types DATAACK,CLOSE',
    '--dccp-option 5',
    '--dccp-option 32 --dport 81',
    '--dccp-option 1',
    '--dccp-option 41',
  ].map((one) => matching(`-p dccp -m dccp ${one}`, dccpPackets)),
  // as with the chunks of SCTP
  ...['5', '32', '1'].map((one) =>
    matching(`-p dccp -m dccp ! --dccp-option ${one}`, [...everyWay(wholeDccp), ...others, ...fragments]),
  ),
  matching('-p dccp -m dccp', dccpPackets),
  matching(
    '-p dccp -m dccp --dccp-types REQUEST,RESPONSE,DATA,ACK,DATAACK,CLOSEREQ,CLOSE,RESET,SYNC,SYNCACK,INVALID',
    dccpPackets,
  ),
  matching('-p dccp -m dccp ! --dport 0:65535', dccpPackets, 'none'),
];

export const chunkCases: Readonly<Record<string, readonly MatchCase[]>> = { sctp, dccp };
