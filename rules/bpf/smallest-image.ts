import type { BpfImage } from './image.ts';
import { HEADER_SIZE, headerOffsets, PADDING_SIZE, RECORD_SIZE } from './record.ts';

const HOOK = 1;

/**
 * A table that accepts and counts each packet: by a rule that isn't the policy, as without one there would be no machine
 * (policy-program.ts), and it is for finding out whether the kernel takes the machine.
 */
export const smallestImage: BpfImage = {
  hooks: [HOOK],
  records: smallestRecords(),
  lookedUp: 0,
  fields: new Map(),
  looks: new Set(),
  twelveBytes: false,
  inNames: false,
  outNames: false,
  jumps: true,
};

/** Records of zeros: they hold for every packet, and accept it. */
function smallestRecords(): Uint8Array {
  const records = Buffer.alloc(HEADER_SIZE + 2 * RECORD_SIZE + PADDING_SIZE);
  records.writeUInt32LE(HEADER_SIZE, headerOffsets.start + 4 * HOOK);
  records.writeUInt32LE(HEADER_SIZE + RECORD_SIZE, headerOffsets.policy + 4 * HOOK);
  return records;
}
