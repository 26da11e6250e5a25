import { type MatchCase, matching } from './matching.ts';
import { fragments, odd, truncated } from './odd-packets.ts';
import { type Sent, sent, type Transport } from './packet.ts';
import { everyWay, mixedProbes, tcpProbes, udpProbes } from './probes.ts';
import { saidByDatagram } from './saying.ts';

/** An IP header of 20 bytes and a UDP header: where the payload begins. */
const PAYLOAD = 28;
const IP_HEADER = 20;
const sayings: readonly Transport[] = [
  saidByDatagram('GET /index.html'),
  saidByDatagram('get /index.html'),
  saidByDatagram('xGET'),
  saidByDatagram('GE'),
  saidByDatagram('GEGET'),
  saidByDatagram('a "b" \\'),
  saidByDatagram(Buffer.from([0, 1, 2, 3, 0, 255])),
  saidByDatagram(`${'G'.repeat(600)}ET`),
  saidByDatagram(`${'.'.repeat(300)}GET${'.'.repeat(300)}`),
  saidByDatagram(''),
];
const texts: readonly Sent[] = [
  ...everyWay([...sayings, ...mixedProbes]),
  ...truncated,
  ...fragments,
  sent('left', saidByDatagram('GET'), { options: [1, 1, 1, 0] }),
  sent('left', saidByDatagram('something before GET'), { moreFragments: true, cut: 24, id: 0x5900 }),
];

/** The text must end at --to or before. */
const windows: readonly (readonly [range: string, takes: MatchCase['takes']])[] = [
  [`--from ${PAYLOAD}`, 'some'],
  [`--from ${PAYLOAD + 1}`, 'some'],
  [`--to ${PAYLOAD + 2}`, 'none'],
  [`--to ${PAYLOAD + 3}`, 'some'],
  [`--from ${PAYLOAD + 1} --to ${PAYLOAD + 3}`, 'none'],
  [`--from ${PAYLOAD + 1} --to ${PAYLOAD + 4}`, 'some'],
  ['--from 300 --to 400', 'some'],
  ['--from 1000 --to 2000', 'none'],
];

export const stringCases: readonly MatchCase[] = [
  ...['bm', 'kmp'].flatMap((algo) => [
    // two letters would also be found in the numbers that the stack gives its own packets, from one at random on
    ...['"GET"', `"GE" --from ${IP_HEADER}`, '"get" --icase', '"ET /"'].flatMap((text) => [
      matching(`-m string --string ${text} --algo ${algo}`, texts),
      matching(`-m string ! --string ${text} --algo ${algo}`, texts),
    ]),
    matching(`-m string --hex-string "|0a010002|" --algo ${algo}`, texts, 'all'),
    ...['|a2a3a4|', '|00010203|', '|4500|'].map((hex) =>
      matching(`-m string --hex-string "${hex}" --algo ${algo}`, texts),
    ),
    ...['|00ff|', '|5c|'].map((hex) =>
      matching(`-m string --hex-string "${hex}" --algo ${algo} --from ${IP_HEADER}`, texts),
    ),
    ...windows.flatMap(([range, takes]) => [
      matching(`-m string --string "GET" --algo ${algo} ${range}`, texts, takes),
      matching(`-m string ! --string "GET" --algo ${algo} ${range}`, texts, takes === 'none' ? 'all' : takes),
    ]),
    matching(`-m string --string "nowhere" --algo ${algo}`, texts, 'none'),
    matching(`-m string ! --string "nowhere" --algo ${algo}`, texts, 'all'),
  ]),
];

export const headers: readonly Sent[] = [
  ...everyWay([...tcpProbes.slice(0, 8), ...udpProbes, ...mixedProbes]),
  ...truncated,
  ...fragments,
  ...odd,
];
export const u32Cases: readonly MatchCase[] = [
  ...['6&0xFF=17', '6&0xFF=1,6', '0>>22&0x3C@0&0xFFFF=53', '0>>22&0x3C@0>>16=1024:2000', '12=0x0a010002'].flatMap(
    (tests) => [matching(`-m u32 --u32 "${tests}"`, headers), matching(`-m u32 ! --u32 "${tests}"`, headers)],
  ),
  matching('-m u32 --u32 "4&0x1FFF=0&&0>>22&0x3C@0>>16=1024&&6&0xFF=6,17"', headers),
  matching('-m u32 ! --u32 "4&0x1FFF=0&&0>>22&0x3C@0>>16=1024&&6&0xFF=6,17"', headers),
  matching('-m u32 --u32 "0>>22&0x3C@12>>26&0x3C@0=0:0xFFFFFFFF"', headers),
  matching('-m u32 --u32 "0<<8>>24=0x10,0xff"', headers),
  matching('-m u32 --u32 "24=0:0xFFFFFFFF"', headers),
  matching('-m u32 --u32 "0xFFFFFFFF=0:0xFFFFFFFF"', headers, 'none'),
  matching('-m u32 ! --u32 "0xFFFFFFFF=0:0xFFFFFFFF"', headers, 'all'),
  matching('-m u32 --u32 "0=0:0xFFFFFFFF"', headers, 'all'),
];

export const bpfCases: readonly MatchCase[] = [
  matching('-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"', headers),
  // at least 60 bytes long
  matching('-m bpf --bytecode "4,128 0 0 0,53 0 1 60,6 0 0 1,6 0 0 0"', headers),
  // the half word behind a header of whatever length is 53
  matching('-m bpf --bytecode "5,177 0 0 0,72 0 0 2,21 0 1 53,6 0 0 1,6 0 0 0"', headers),
  matching('-m bpf --bytecode "1,6 0 0 4294967295"', headers, 'all'),
  matching('-m bpf --bytecode "1,6 0 0 0"', headers, 'none'),
];
