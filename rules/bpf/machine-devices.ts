import { cannotExpress } from '../extension.ts';
import type { Assembler } from './assembler.ts';
import { noDevice, toldDevices } from './device-classes.ts';
import { FP, R1, R2, R3, R6, R7, R8, R9, type Register } from './instruction.ts';
import { frame, helpers, type MachineOptions } from './machine-frame.ts';
import { fieldOf, follow } from './machine-read.ts';
import { SENDER_THERE } from './record.ts';

const [PREROUTING, INPUT, FORWARD, POSTROUTING] = [0, 1, 2, 4];
/** enum netdev_priv_flags (linux/netdevice.h). */
const IFF_BRIDGE_PORT = 1 << 9;

/** The context is the packet's struct sk_buff itself; only its address is used. */
export function names(code: Assembler, options: MachineOptions): void {
  const { hook, inNames, outNames, device = noDevice, offsets } = options;
  const put = (to: number, name: Uint8Array) => {
    const view = new DataView(name.buffer, name.byteOffset, 16);
    for (const at of [0, 8]) {
      code.constant(R1, view.getBigUint64(at, true)).store(8, FP, to + at, { register: R1 });
    }
  };
  const read = (to: number) =>
    code
      .alu('add', R1, offsets.device.name)
      .move(R3, R1)
      .move(R1, FP)
      .alu('add', R1, to)
      .move(R2, { value: 16 })
      .call(helpers.probeReadKernel);
  if (inNames) {
    put(frame.inName, toldDevices[hook] === 'in' ? device : noDevice);
    if (hook === PREROUTING || hook === INPUT || hook === FORWARD) {
      incoming(code, options, { none: 'no-in', routed: 'in-routed' });
      read(frame.inName).label('no-in');
    }
  }
  if (outNames) {
    put(frame.outName, toldDevices[hook] === 'out' ? device : noDevice);
    if (hook === FORWARD || hook === POSTROUTING) {
      outgoing(code, options, 'no-out');
      read(frame.outName).label('no-out');
    }
  }
}

/** r1 gets the device that the packet came by; `routed` is a label of this place's own. */
function incoming(
  code: Assembler,
  options: MachineOptions,
  { none, routed }: { readonly none: string; readonly routed: string },
): void {
  const { hook, offsets } = options;
  code.move(R1, R6);
  follow(code, offsets.skb.dev).branch(R1, '==', 0, none);
  if (hook !== FORWARD) return;
  // what a bridge forwards has the port that it leaves by there; it came by the bridge, and leaves by it
  code.move(R9, R1);
  follow(code, offsets.device.privFlags).move(R2, R1).move(R1, R9);
  code.branch(R2, '&', IFF_BRIDGE_PORT, `${routed}-not`).jump(routed).label(`${routed}-not`);
  outgoing(code, options, none);
  code.label(routed);
}

/** r1 gets the device that the packet is on its way to. */
function outgoing(code: Assembler, { offsets }: MachineOptions, none: string): void {
  code.move(R1, R6);
  follow(code, offsets.skb.dst).alu('and', R1, -2).branch(R1, '==', 0, none);
  follow(code, offsets.dst.dev).branch(R1, '==', 0, none);
}

/** The group of the device that the packet came by. */
export function incomingGroup(code: Assembler, options: MachineOptions): void {
  if (!options.fields.has('inGroup')) return;
  const group = fieldOf(options, 'inGroup');
  code.store(4, FP, group, { register: R7 });
  incoming(code, options, { none: 'no-group', routed: 'group-routed' });
  follow(code, options.offsets.device.group).store(4, FP, group, { register: R1 }).label('no-group');
}

/** The type of the device that the packet is at; 0 where there is none. */
export function deviceType(code: Assembler, options: MachineOptions): void {
  const { fields, offsets } = options;
  if (!fields.has('deviceType')) return;
  const type = fieldOf(options, 'deviceType');
  code.store(4, FP, type, { register: R7 }).move(R1, R6);
  follow(code, offsets.skb.dev).branch(R1, '==', 0, 'no-type');
  follow(code, offsets.device.type).alu('and', R1, 0xffff).store(4, FP, type, { register: R1 }).label('no-type');
}

/** Of the route (xt_realm.c); where rules ask for it each packet has one. */
export function realm(code: Assembler, options: MachineOptions): void {
  const { fields, offsets } = options;
  if (!fields.has('realm')) return;
  if (offsets.dst.realm === undefined) cannotExpress("this kernel's routes have no realms");
  const to = fieldOf(options, 'realm');
  code.store(4, FP, to, { register: R7 }).move(R1, R6);
  follow(code, offsets.skb.dst).alu('and', R1, -2).branch(R1, '==', 0, 'no-realm');
  follow(code, offsets.dst.realm).store(4, FP, to, { register: R1 }).label('no-realm');
}

/** linux/if_arp.h */
const ARPHRD_ETHER = 1;
const ETHERNET_HEADER = 14;
/** Of the Ethernet header: where the sender's address is. */
const SENDER = 6;

/** The sender's address in the Ethernet header, where xt_mac.c's mac_mt finds that there is one. */
export function sender(code: Assembler, options: MachineOptions): void {
  const { fields, offsets } = options;
  if (!fields.has('macStart')) return;
  const put = (name: 'macStart' | 'macRest', register: Register) => {
    if (fields.has(name)) code.store(4, FP, fieldOf(options, name), { register });
  };
  const ofPacket = (offset: number) => {
    code.move(R1, R6);
    return follow(code, offset);
  };
  put('macStart', R7);
  put('macRest', R7);
  ofPacket(offsets.skb.dev).branch(R1, '==', 0, 'no-sender');
  follow(code, offsets.device.type).alu('and', R1, 0xffff).branch(R1, '!=', ARPHRD_ETHER, 'no-sender');
  ofPacket(offsets.skb.macHeader).alu('and', R1, 0xffff).move(R8, R1);
  ofPacket(offsets.skb.head).alu('add', R8, { register: R1 });
  ofPacket(offsets.skb.data).alu('sub', R1, { register: R8 }).branch(R1, 's<', ETHERNET_HEADER, 'no-sender');
  code.move(R1, R8);
  follow(code, SENDER).swap(R1, 64).move(R2, R1);
  code.alu('rsh', R1, 48).alu('or', R1, SENDER_THERE).alu('rsh', R2, 16);
  put('macStart', R1);
  put('macRest', R2);
  code.label('no-sender');
}
