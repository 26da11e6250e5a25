import { objectInfo } from '../object-info.ts';

/** struct bpf_prog_info (linux/bpf.h) up to `verified_insns`. */
const info = { verifiedInstructions: 216, size: 220 };

/** How many instructions the verifier followed, each as often as it came by, to take a program; it gives up at a million. */
export function verifiedInstructions(program: number): number {
  return objectInfo(program, info.size).readUInt32LE(info.verifiedInstructions);
}
