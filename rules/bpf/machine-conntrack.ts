import type { Assembler } from './assembler.ts';
import { FP, R0, R1, R2, R6, R7, R8, R9 } from './instruction.ts';
import { frame, helpers, type MachineOptions } from './machine-frame.ts';
import { fieldOf, follow } from './machine-read.ts';
import type { ConnectionField, Field } from './record.ts';

/** _nfct (linux/skbuff.h): the connection's address and, in its lowest bits, enum ip_conntrack_info. */
const NFCT_INFO = 7;
const UNTRACKED = 7;
const REPLY = 3;
/** linux/netfilter/xt_conntrack.h */
const state = { invalid: 1, snat: 1 << 6, dnat: 1 << 7, untracked: 1 << 8 } as const;
/** enum ip_conntrack_status (linux/netfilter/nf_conntrack_common.h). */
const status = { snat: 4, dnat: 5 } as const;

type Tuple = 'original' | 'reply';
type Part = 'source' | 'sourcePort' | 'destination' | 'destinationPort' | 'protocol';
const bits = { source: 32, sourcePort: 16, destination: 32, destinationPort: 16, protocol: 8 } as const;

/** Where in its tuples a connection has a field. */
const inTuple: readonly (readonly [field: ConnectionField, tuple: Tuple, part: Part])[] = [
  ['ctProtocol', 'original', 'protocol'],
  ['ctOriginalSource', 'original', 'source'],
  ['ctOriginalDestination', 'original', 'destination'],
  ['ctReplySource', 'reply', 'source'],
  ['ctReplyDestination', 'reply', 'destination'],
  ['ctOriginalSourcePort', 'original', 'sourcePort'],
  ['ctOriginalDestinationPort', 'original', 'destinationPort'],
  ['ctReplySourcePort', 'reply', 'sourcePort'],
  ['ctReplyDestinationPort', 'reply', 'destinationPort'],
];

/** Fields that are told of the packet's connection. */
const connectionFields: readonly Field[] = [
  'conntrackState',
  'conntrackStatus',
  'connmark',
  'ctDirection',
  'ctExpires',
  ...inTuple.map(([field]) => field),
];

/** Whether a table looks at connections: they must be tracked then. */
export function tracksConnections(fields: MachineOptions['fields']): boolean {
  return connectionFields.some((field) => fields.has(field));
}

/** As xt_conntrack.c's conntrack_mt tells the state; 0 for no status and no mark. */
export function conntrack(code: Assembler, options: MachineOptions): void {
  const { fields: wanted, offsets } = options;
  if (!tracksConnections(wanted) || offsets.conntrack === undefined) return;
  const { conntrack: of } = offsets;
  const put = (name: Field) => {
    if (wanted.has(name)) code.store(4, FP, fieldOf(options, name), { register: R1 });
  };
  for (const name of connectionFields) {
    if (wanted.has(name)) code.store(4, FP, fieldOf(options, name), { register: R7 });
  }
  code.move(R1, R6);
  follow(code, offsets.skb.nfct);
  code.move(R8, R1).alu('and', R8, NFCT_INFO).alu('and', R1, ~NFCT_INFO).move(R9, R1);
  code.move(R1, { value: state.untracked });
  put('conntrackState');
  code.branch(R8, '==', UNTRACKED, 'tracked').move(R1, { value: state.invalid });
  put('conntrackState');
  code.branch(R9, '==', 0, 'tracked');
  if (wanted.has('ctDirection')) {
    // CTINFO2DIR
    code.branch(R8, '<', REPLY, 'original').move(R1, R7).alu('xor', R1, 1);
    put('ctDirection');
    code.label('original');
  }
  for (const [name, tuple, part] of inTuple) {
    if (!wanted.has(name)) continue;
    code.move(R1, R9);
    follow(code, of[tuple] + of[part]);
    const width = bits[part];
    if (width === 8) code.alu('and', R1, 0xff);
    else code.swap(R1, width);
    put(name);
  }
  if (wanted.has('ctExpires')) {
    // nf_ct_expires: jiffies of 32 bits, 0 where they are past
    code.move(R1, R9);
    follow(code, of.timeout).call(helpers.jiffies).load(4, R1, FP, frame.scratch).alu32('sub', R1, { register: R0 });
    code.branch(R1, '>', 0x7fffffff, 'expired').alu('div', R1, ticks(options));
    put('ctExpires');
    code.label('expired');
  }
  if (wanted.has('connmark')) {
    code.move(R1, R9);
    follow(code, of.mark);
    put('connmark');
  }
  if (!wanted.has('conntrackState') && !wanted.has('conntrackStatus')) {
    code.label('tracked');
    return;
  }
  code.move(R1, R9);
  follow(code, of.status);
  put('conntrackStatus');
  code.move(R9, R1);
  // XT_CONNTRACK_STATE_BIT: 1 << (info % REPLY + 1)
  code.alu('mod', R8, REPLY).alu('add', R8, 1).move(R1, { value: 1 }).alu('lsh', R1, { register: R8 });
  for (const which of ['snat', 'dnat'] as const) {
    code.move(R2, R9).alu('rsh', R2, status[which]).alu('and', R2, 1).branch(R2, '==', 0, `no-${which}`);
    code.alu('or', R1, state[which]).label(`no-${which}`);
  }
  put('conntrackState');
  code.label('tracked');
}

function ticks({ ticksPerSecond }: MachineOptions): number {
  if (ticksPerSecond === undefined) throw new RangeError("how often the kernel ticks isn't given");
  return ticksPerSecond;
}
