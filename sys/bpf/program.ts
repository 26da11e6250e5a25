import { errno } from '../../protocol/errno.ts';
import { cString } from '../c-string.ts';
import { syscallError } from '../fail.ts';
import { addressOf, lastErrno } from '../koffi.ts';
import { bpfQuiet } from './bpf-call.ts';
import { writeObjectName } from './object-name.ts';

/** enum bpf_prog_type, include/uapi/linux/bpf.h */
export const BPF_PROG_TYPE_SOCKET_FILTER = 1;

const INSTRUCTION_SIZE = 8;
const load = {
  prog_type: 0,
  insn_cnt: 4,
  insns: 8,
  license: 16,
  log_level: 24,
  log_size: 28,
  log_buf: 32,
  prog_name: 48,
  size: 64,
};

/** The verifier gives up with EAGAIN when a signal comes; libbpf tries as often. */
const MOST_TRIES = 5;
/** BPF_LOG_LEVEL1 (linux/bpf_verifier.h). */
const LOG_FAILING_PATH = 1;
const LOG_SIZE = 1 << 20;
const LOG_SHOWN = 2000;

export interface ProgramDefinition {
  /** BPF_PROG_TYPE_* */
  readonly type: number;
  /** struct bpf_insn[], 8 bytes each. */
  readonly instructions: Uint8Array;
  readonly license: 'GPL';
  /** At most 15 of letters, digits, `_` and `.` */
  readonly name: string;
}

function tryLoad(attr: Buffer): { readonly fd: number; readonly error: number } {
  for (let tries = 1; ; tries++) {
    const fd = bpfQuiet('BPF_PROG_LOAD', attr);
    if (fd >= 0) return { fd, error: 0 };
    const error = lastErrno();
    if (error !== errno.EAGAIN || tries === MOST_TRIES) return { fd, error };
  }
}

/** The text the verifier left: all before the first NUL. */
function logText(log: Buffer): string {
  const end = log.indexOf(0);
  return log.toString('latin1', 0, end < 0 ? log.length : end).trim();
}

/**
 * Has the kernel verify and compile a program; returns its descriptor (closed on exec). The error ends with
 * the last of the verifier's log, for which the program is verified once more. EACCES, EINVAL: refused by
 * the verifier; E2BIG: too long, or too much to verify; EPERM: without CAP_BPF (and NET_ADMIN or PERFMON, by type).
 */
export function loadProgram(definition: ProgramDefinition): number {
  const { instructions, name } = definition;
  const count = instructions.length / INSTRUCTION_SIZE;
  if (!Number.isInteger(count)) {
    throw syscallError('bpf', errno.EINVAL, `BPF_PROG_LOAD, program ${name}: ${instructions.length} bytes`);
  }
  const license = cString(definition.license, 'bpf');
  const attr = Buffer.alloc(load.size);
  attr.writeUInt32LE(definition.type, load.prog_type);
  attr.writeUInt32LE(count, load.insn_cnt);
  attr.writeBigUInt64LE(addressOf(instructions), load.insns);
  attr.writeBigUInt64LE(addressOf(license), load.license);
  writeObjectName(attr, load.prog_name, name);
  const first = tryLoad(attr);
  if (first.fd >= 0) return first.fd;

  const log = Buffer.alloc(LOG_SIZE);
  attr.writeUInt32LE(LOG_FAILING_PATH, load.log_level);
  attr.writeUInt32LE(LOG_SIZE, load.log_size);
  attr.writeBigUInt64LE(addressOf(log), load.log_buf);
  const second = tryLoad(attr);
  // What was short the first time (memory, say) may have been there the second.
  if (second.fd >= 0) return second.fd;
  const text = logText(log);
  const said = text === '' ? '' : `: ${text.length > LOG_SHOWN ? '…' : ''}${text.slice(-LOG_SHOWN)}`;
  throw syscallError('bpf', first.error, `BPF_PROG_LOAD, program ${name}, ${count} instructions${said}`);
}
