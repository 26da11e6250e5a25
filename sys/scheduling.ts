import { arch } from './arch.ts';
import { cFunction } from './koffi.ts';

const syscall = cFunction('syscall', ['int64_t', 'int64_t', 'void *', 'int64_t', 'int64_t']);

/** struct sched_attr, its first version (include/uapi/linux/sched/types.h). */
const sched_attr = { size: 48, offsets: { size: 0, policy: 4, runtime: 24 } } as const;
/** include/uapi/linux/sched.h */
const SCHED_OTHER = 0;

/** The calling thread as the scheduler has it. */
function attributes(): Buffer | undefined {
  const bytes = Buffer.alloc(sched_attr.size);
  return syscall()(arch().nr.sched_getattr, 0, bytes, bytes.length, 0) === 0 ? bytes : undefined;
}

/** For how long the calling thread may run before others get their turn, in nanoseconds; undefined where nobody may ask. */
export function ownSlice(): bigint | undefined {
  return attributes()?.readBigUInt64LE(sched_attr.offsets.runtime);
}

/**
 * Asks for a short turn, in nanoseconds (100 µs to 100 ms; 0: as all others): who asks for less than the thread that is just
 * running gets the processor from it as soon as there is something to do. It gets no more time in all than before, so
 * anybody may ask. What the thread starts inherits it. Linux 6.12 and later; before, and for threads that don't share time
 * by turns (SCHED_FIFO and the like), nothing changes; nor where a sandbox forbids to ask: false then.
 */
export function askForSlice(nanoseconds: bigint): boolean {
  const bytes = attributes();
  if (bytes === undefined) return false;
  const { offsets } = sched_attr;
  if (bytes.readUInt32LE(offsets.policy) !== SCHED_OTHER) return false;
  bytes.writeUInt32LE(bytes.length, offsets.size);
  bytes.writeBigUInt64LE(nanoseconds, offsets.runtime);
  return syscall()(arch().nr.sched_setattr, 0, bytes, 0, 0) === 0;
}
