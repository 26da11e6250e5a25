import type { TableName } from '../../rules/ir.ts';
import { pick, type Random } from '../harness/random.ts';
import { address, ip, type Transport } from '../packets/packet.ts';
import { saidBySegment } from '../packets/saying.ts';
import { tcp } from '../packets/transport.ts';
import { expand } from './domains.ts';
import type { Sending } from './packets.ts';
import type { RandomRule, RandomTable } from './ruleset.ts';

/** One seed of this many has such a connection. */
const oneOf = 4;

const SYN = 2;
const ACK = 16;
const PSH = 8;
const FTP = 21;
const FTP_DATA = 20;
const CLIENT = 1030;
const EXPECTED = 1031;

/**
 * A connection that another one makes conntrack expect: a client that tells an FTP server which port to call, and the
 * call. Hardly ever would chance make one: so the rule that gives the first one its helper comes before those of `tables`,
 * one that asks for it too, and the packets come at some place of `sendings`.
 */
export function withExpected(
  random: Random,
  tables: readonly RandomTable[],
  sendings: readonly Sending[],
): { readonly tables: readonly RandomTable[]; readonly sendings: readonly Sending[] } {
  if (random(oneOf) !== 0) return { tables, sendings };
  const at = random(sendings.length);
  const firsts = new Map<TableName, RandomRule>([
    ['raw', helping],
    [pick<TableName>(random, ['mangle', 'filter', 'security']), looking(random)],
  ]);
  return {
    tables: tables.map((table) => {
      const first = firsts.get(table.name);
      return first === undefined ? table : { ...table, rules: [first, ...table.rules] };
    }),
    sendings: [...sendings.slice(0, at), ...conversation, ...sendings.slice(at)],
  };
}

const helping: RandomRule = {
  chain: 'PREROUTING',
  text: `-p tcp -m tcp --dport ${FTP} -j CT --helper ftp`,
  examples: [],
};

/** Rules look at the call where nothing has stopped it, or marked it, yet. */
function looking(random: Random): RandomRule {
  return { chain: 'FORWARD', text: expand('-m helper {|!} --helper {ftp|ftp-2121|sip}', random), examples: [] };
}

const control = { sport: CLIENT, dport: FTP, acknowledgement: 501 };
const greeting = 'USER a\r\n';
const words = `PORT ${address.left.replaceAll('.', ',')},${EXPECTED >> 8},${EXPECTED & 0xff}\r\n`;

/** Answers come from where the packet went, whatever its addresses and ports were made to. */
const conversation: readonly Sending[] = [
  fromClient(tcp({ ...control, acknowledgement: 0, flags: SYN, sequence: 100 })),
  { kind: 'answer', how: 'reply' },
  fromClient(tcp({ ...control, flags: ACK, sequence: 101 })),
  // the helper reads lines only behind one that it saw end
  fromClient(saidBySegment(greeting, { ...control, flags: ACK | PSH, sequence: 101 })),
  fromClient(saidBySegment(words, { ...control, flags: ACK | PSH, sequence: 101 + greeting.length })),
  fromServer(tcp({ sport: FTP_DATA, dport: EXPECTED, flags: SYN, sequence: 900 })),
  { kind: 'answer', how: 'reply' },
  fromServer(tcp({ sport: FTP_DATA, dport: EXPECTED, flags: ACK, sequence: 901, acknowledgement: 501 })),
  // one that nobody expects
  fromServer(tcp({ sport: FTP_DATA, dport: EXPECTED + 1, flags: SYN, sequence: 900 })),
];

function fromClient(transport: Transport): Sending {
  return { kind: 'packet', at: 'left', bytes: ip(transport).toString('hex') };
}

function fromServer(transport: Transport): Sending {
  const ends = { source: address.right, destination: address.left };
  return { kind: 'packet', at: 'right', bytes: ip(transport, ends).toString('hex') };
}
