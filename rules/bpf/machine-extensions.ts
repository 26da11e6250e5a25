import { cannotExpress } from '../extension.ts';
import type { Assembler } from './assembler.ts';
import { FP, R1, R2, R3, R4 } from './instruction.ts';
import { frame, type KernelOffsets, type MachineOptions } from './machine-frame.ts';
import { follow, record } from './machine-read.ts';
import { type ExtensionAction, recordOffsets } from './record.ts';

type Extensions = NonNullable<NonNullable<KernelOffsets['conntrack']>['extensions']>;

/** _nfct (linux/skbuff.h): what isn't the connection's address. */
const NFCT_INFO = 7;

/** In the frame's key: an address to come back to, and what was counted. */
const [place, packets, bytes] = [frame.key, frame.key + 8, frame.key + 16];

/** Looks at what connections have only where somebody asked for it: false where the packet's hasn't. */
export const extensionLooks: Readonly<Record<ExtensionAction, (code: Assembler, options: MachineOptions) => void>> = {
  connectionCount(code, options) {
    const of = extensionsOf(options);
    connection(code, options, 'connection-count');
    extension(code, of, { id: of.accounting, what: 'accounting' }, 'connection-count');
    code.store(8, FP, place, { register: R1 });
    for (const [sum, counter] of [
      [packets, of.packets],
      [bytes, of.bytes],
    ] as const) {
      for (const direction of [0, 1]) {
        code.load(8, R1, FP, place);
        follow(code, counter + direction * of.counterSize);
        // all bits or none: whether this direction counts
        record(code)
          .load(1, R2, R3, recordOffsets.credit + 1)
          .alu('rsh', R2, direction)
          .alu('and', R2, 1);
        code.alu('mul', R2, -1).alu('and', R1, { register: R2 });
        if (direction === 1) code.load(8, R2, FP, sum).alu('add', R1, { register: R2 });
        code.store(8, FP, sum, { register: R1 });
      }
    }
    code.load(1, R4, R3, recordOffsets.credit);
    code.load(8, R1, FP, packets).branch(R4, '==', counted.packets, 'connection-count-known');
    code.load(8, R1, FP, bytes).branch(R4, '==', counted.bytes, 'connection-count-known');
    // by none it is 0, as the kernel's
    code.load(8, R2, FP, packets).alu('div', R1, { register: R2 });
    code.label('connection-count-known').load(8, R2, R3, recordOffsets.first).load(8, R4, R3, recordOffsets.filled);
    code.branch(R2, '>', { register: R4 }, 'connection-count-beside');
    code.branch(R1, '<', { register: R2 }, 'false').branch(R1, '>', { register: R4 }, 'false').jump('true');
    code.label('connection-count-beside').branch(R1, '<', { register: R4 }, 'true');
    code.branch(R1, '>', { register: R2 }, 'true').jump('false');
    none(code, 'connection-count');
  },
  connectionLabel(code, options) {
    const of = extensionsOf(options);
    connection(code, options, 'connection-label');
    extension(code, of, { id: of.labels, what: 'labels' }, 'connection-label');
    record(code).load(4, R2, R3, recordOffsets.first).alu('add', R1, { register: R2 });
    follow(code, of.bits);
    record(code).load(4, R2, R3, recordOffsets.second).branch(R1, '&', { register: R2 }, 'true').jump('false');
    none(code, 'connection-label');
  },
};

/** XT_CONNBYTES_*: what of a connection is counted (linux/netfilter/xt_connbytes.h). */
const counted = { packets: 0, bytes: 1 } as const;

function extensionsOf({ offsets }: MachineOptions): Extensions {
  return offsets.conntrack?.extensions ?? cannotExpress("this kernel doesn't tell what connections have");
}

/** r1 gets the packet's connection. */
function connection(code: Assembler, { offsets }: MachineOptions, name: string): void {
  code.load(8, R1, FP, frame.context);
  follow(code, offsets.skb.nfct).alu('and', R1, ~NFCT_INFO).branch(R1, '==', 0, `${name}-none`);
}

/** r1, a connection, becomes what it has of one kind: nf_ct_ext_find (net/netfilter/nf_conntrack_extend.h). */
function extension(
  code: Assembler,
  of: Extensions,
  { id, what }: { readonly id: number | undefined; readonly what: string },
  name: string,
): void {
  if (id === undefined) cannotExpress(`this kernel's connections have no ${what}`);
  follow(code, of.ofConnection).branch(R1, '==', 0, `${name}-none`).store(8, FP, place, { register: R1 });
  follow(code, of.places + id)
    .alu('and', R1, 0xff)
    .branch(R1, '==', 0, `${name}-none`);
  code.load(8, R2, FP, place).alu('add', R1, { register: R2 });
}

function none(code: Assembler, name: string): void {
  code.label(`${name}-none`);
  record(code).jump('false');
}
