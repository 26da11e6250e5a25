import { pick, type Random } from '../harness/random.ts';
import { ip } from '../packets/packet.ts';
import {
  AH,
  bytes,
  DCCP,
  ESP,
  type Focus,
  ICMP,
  icmpBytes,
  lengths,
  marks,
  once,
  type Some,
  spis,
  TCP,
} from './focus.ts';
import type { Seen } from './judge.ts';
import { packetTypes } from './loaded.ts';

const tcpOptions: Some<readonly number[]> = [
  [2, 4, 0, 0x50],
  [1, 2, 4, 0, 0x50, 4, 2, 0],
  [1, 1, 1, 2],
  [8, 0, 2, 4, 1, 1, 4, 2],
];

function quad(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Whole, cut short, first and later fragments, with and without options; a length now and then made up. */
export function randomPacket(random: Random, focus: Focus): Omit<Seen, 'inName' | 'outName'> {
  const protocol = pick(random, focus.protocols);
  const payload = Buffer.from(Array.from({ length: 20 + random(20) }, () => random(256)));
  if (protocol === ICMP) payload.set([pick(random, icmpBytes), pick(random, icmpBytes)]);
  else if (protocol === ESP) payload.writeUInt32BE(pick(random, spis));
  else if (protocol === AH) payload.writeUInt32BE(pick(random, spis), 4);
  else {
    payload.writeUInt16BE(pick(random, focus.ports), 0);
    payload.writeUInt16BE(pick(random, focus.ports), 2);
  }
  payload.writeUInt8(pick(random, bytes), 13);
  if (protocol === DCCP) payload.writeUInt8(2 * random(16), 8);
  if (protocol === TCP) payload.writeUInt8(pick(random, [0x50, 0x50, 0x60, 0x60, 0x70, 0x40, 0xf0]), 12);
  if (protocol === TCP && payload.length >= 28 && once(random, 2)) payload.set(pick(random, tcpOptions), 20);
  const offset = once(random, 6) ? pick(random, [1, 1, 2, 0x1fff]) : 0;
  if (once(random, 3)) payload.write(pick(random, ['abAbaB', 'aaA', 'xababAbaB', 'AB']), random(4) + 16, 'latin1');
  const packet = ip(
    { protocol, bytes: () => payload },
    {
      source: quad(pick(random, focus.addresses)),
      destination: quad(pick(random, focus.addresses)),
      tos: pick(random, bytes),
      ttl: pick(random, bytes),
      fragmentOffset: offset,
      moreFragments: once(random, 5),
      dontFragment: once(random, 5),
      ...(once(random, 4) && { options: [1, 1, 1, 1, 1, 1, 1, 0].slice(0, 4 + random(5)) }),
      ...(once(random, 4) && { cut: random(24) }),
    },
  );
  if (once(random, 3)) packet.writeUInt16BE(pick(random, lengths), 2);
  return { bytes: packet, mark: pick(random, marks), packetType: pick(random, packetTypes) };
}
