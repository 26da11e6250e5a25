import { beside } from './beside-foreign.ts';
import { table } from './case.ts';
import { backwards } from './flows.ts';
import { type MatchCase, matching } from './matching.ts';
import { type Sent, sent } from './packet.ts';
import { saidBySegment } from './saying.ts';
import { tcp } from './transport.ts';

const SYN = 2;
const ACK = 16;
/** A client that has the server open its data connection: the helper expects it. */
const ftp: readonly Sent[] = [
  sent('left', tcp({ sport: 1030, dport: 21, flags: SYN, sequence: 100 })),
  sent('right', tcp({ sport: 21, dport: 1030, flags: SYN | ACK, sequence: 500, acknowledgement: 101 }), backwards),
  sent('left', tcp({ sport: 1030, dport: 21, flags: ACK, sequence: 101, acknowledgement: 501 })),
  // the helper reads lines only behind one that it saw end
  sent(
    'left',
    saidBySegment('USER a\r\n', { sport: 1030, dport: 21, flags: ACK | 8, sequence: 101, acknowledgement: 501 }),
  ),
  sent(
    'left',
    saidBySegment('PORT 10,1,0,2,4,7\r\n', {
      sport: 1030,
      dport: 21,
      flags: ACK | 8,
      sequence: 109,
      acknowledgement: 501,
    }),
  ),
  sent('right', tcp({ sport: 20, dport: 1031, flags: SYN, sequence: 900 }), backwards),
  sent('left', tcp({ sport: 1031, dport: 20, flags: SYN | ACK, sequence: 77, acknowledgement: 901 })),
  sent('right', tcp({ sport: 20, dport: 1031, flags: ACK, sequence: 901, acknowledgement: 78 }), backwards),
  sent('right', tcp({ sport: 20, dport: 1032, flags: SYN, sequence: 900 }), backwards),
];

/** Names that are asked for, and whether the kernel takes them for the helper `ftp`. */
const names = [
  { name: 'ftp', takes: 'some' },
  { name: 'ft', takes: 'none' },
  { name: 'ftp-2121', takes: 'some' },
  { name: 'sip', takes: 'none' },
  { name: 'ftpftpftpftpftpftpftpftp', takes: 'some' },
] as const;
const tests = names.flatMap(({ name, takes }) => [
  { test: `-m helper --helper ${name}`, takes },
  // its first packet dropped, no connection comes about
  { test: `-m helper ! --helper ${name}`, takes: 'all' as const },
]);

export const helperCases: readonly MatchCase[] = beside<MatchCase>([
  ...tests.map(({ test, takes }) => matching(test, ftp, takes)),
  {
    title: 'helper: all at once',
    takes: 'some',
    steps: [
      {
        restore: table(
          'filter',
          ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => tests.map(({ test }) => `-A ${chain} ${test}`)),
        ),
      },
      { send: ftp },
    ],
  },
]);
