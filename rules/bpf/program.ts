import type { BpfImage } from './image.ts';
import type { Instruction } from './instruction.ts';
import { machine } from './machine.ts';
import { clockFields } from './machine-clock.ts';
import { tracksConnections } from './machine-conntrack.ts';
import type { CounterSlices, KernelOffsets } from './machine-frame.ts';
import { asksOwners } from './machine-owner.ts';
import { policyAlone, policyProgram } from './policy-program.ts';
import { inPieces } from './text-look.ts';

/** What the program of a hook is made for, beside its table. */
export interface ProgramOptions extends CounterSlices {
  readonly hook: number;
  /** As the machine has it (MachineOptions). */
  readonly device?: Uint8Array;
  readonly kernel: KernelFacts;
}

/** What differs from kernel to kernel. Asked for only where a program needs it; throws as its caller likes. */
export interface KernelFacts {
  offsets(): KernelOffsets;
  /** What a limit gains in each of the kernel's ticks. */
  creditsPerTick(): number;
  ticksPerSecond(): number;
  /** The cookie of the network namespace that packets are filtered in, whose users have the numbers that the kernel knows them by. */
  namespace(): bigint;
}

/** The program that filters at one hook of a table. */
export function hookProgram(image: BpfImage, options: ProgramOptions): readonly Instruction[] {
  const { hook, counters, processors, device, kernel } = options;
  const policy = policyAlone(image, hook);
  if (policy !== undefined) return policyProgram(policy, { counters, processors });
  const { records, lookedUp, fields, looks, twelveBytes, inNames, outNames, jumps } = image;
  return machine({
    ...{ hook, counters, processors, fields, looks, twelveBytes, inNames, outNames, jumps },
    ...(device === undefined ? {} : { device }),
    size: records.length,
    lookups: lookedUp > 0,
    ...(looks.has('limit') ? { creditsPerTick: kernel.creditsPerTick() } : {}),
    ...(fields.has('ctExpires') ? { ticksPerSecond: kernel.ticksPerSecond() } : {}),
    ...(asksOwners(fields) ? { namespace: kernel.namespace() } : {}),
    offsets: asksKernel(image) ? kernel.offsets() : noOffsets,
  });
}

function asksKernel({ inNames, outNames, fields, looks }: BpfImage): boolean {
  const ofKernel = ['macStart', 'inGroup', 'deviceType', 'realm'] as const;
  const looksThere = [...inPieces, 'classicIndirect', 'classicLink'] as const;
  return (
    inNames ||
    outNames ||
    tracksConnections(fields) ||
    asksOwners(fields) ||
    [...ofKernel, ...clockFields].some((field) => fields.has(field)) ||
    looksThere.some((look) => looks.has(look))
  );
}

const noOffsets: KernelOffsets = {
  clocks: { ofTask: 0, ofProcessor: 0, realTime: 0, atomicTime: 0 },
  skb: { dev: 0, dst: 0, nfct: 0, head: 0, data: 0, macHeader: 0 },
  dst: { dev: 0 },
  pieces: {
    ...{ length: 0, dataLength: 0, end: 0, next: 0 },
    ...{ fragments: 0, firstFragment: 0, list: 0, fragmentSize: 0, fragmentLength: 0 },
  },
  device: { name: 0, privFlags: 0, group: 0, type: 0 },
};
