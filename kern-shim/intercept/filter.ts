import { assembleClassic, type ClassicInstruction } from '../../sys/classic-bpf.ts';

/** What the filter has to know of the machine: numbers of <asm/unistd.h> and <linux/audit.h>. */
export interface SyscallNumbers {
  readonly auditArch: number;
  readonly getsockopt: number;
  readonly setsockopt: number;
  readonly openat: number;
}

/** The socket options that are ours: one entry an address family. */
export interface CaughtOptions {
  readonly level: number;
  readonly get: readonly number[];
  readonly set: readonly number[];
}

/**
 * Where opens of /proc/net/ip_tables_names come from: the low 12 bits of the string's address
 * (its offset in the library's page), and the exact open flags.
 */
export interface CaughtOpen {
  readonly pageOffset: number;
  readonly flags: number;
}

/** struct seccomp_data (linux/seccomp.h): nr, arch, instruction_pointer, args[6]; low words, little-endian. */
const data = { nr: 0, arch: 4, argument: (index: number): number => 16 + 8 * index } as const;

const allow = 0x7fff0000; // SECCOMP_RET_ALLOW
const notify = 0x7fc00000; // SECCOMP_RET_USER_NOTIF
/** The part of an address that `CaughtOpen` names. */
export const pageMask = 0xfff;

/**
 * The filter that hands exactly our socket options (and, where asked, opens that may name
 * ip_tables_names) to the listener and allows all else. Callers of another architecture's system
 * call table pass.
 *
 * @returns struct sock_filter[] bytes for seccomp(2)
 */
export function buildFilter(
  numbers: SyscallNumbers,
  options: readonly CaughtOptions[],
  open: CaughtOpen | undefined,
): Uint8Array {
  const program: ClassicInstruction[] = [
    { op: 'load', offset: data.arch },
    { op: 'if-equal', value: numbers.auditArch, no: 'allow' },
    { op: 'load', offset: data.nr },
    { op: 'if-equal', value: numbers.getsockopt, yes: 'get' },
    { op: 'if-equal', value: numbers.setsockopt, yes: 'set' },
    ...(open === undefined ? [] : [{ op: 'if-equal', value: numbers.openat, yes: 'open' } as const]),
    { op: 'return', value: allow },
  ];
  const optionTests = (name: 'get' | 'set'): void => {
    program.push({ op: 'label', name });
    for (const [index, family] of options.entries()) {
      program.push(
        { op: 'load', offset: data.argument(1) },
        { op: 'if-equal', value: family.level, no: `${name}${index}` },
        { op: 'load', offset: data.argument(2) },
        ...family[name].map((value) => ({ op: 'if-equal', value, yes: 'notify' }) as const),
        { op: 'label', name: `${name}${index}` },
      );
    }
    program.push({ op: 'return', value: allow });
  };
  optionTests('get');
  optionTests('set');
  if (open !== undefined) {
    program.push(
      { op: 'label', name: 'open' },
      { op: 'load', offset: data.argument(1) },
      { op: 'and', value: pageMask },
      { op: 'if-equal', value: open.pageOffset, no: 'allow' },
      { op: 'load', offset: data.argument(2) },
      { op: 'if-equal', value: open.flags, yes: 'notify' },
    );
  }
  program.push(
    { op: 'label', name: 'allow' },
    { op: 'return', value: allow },
    { op: 'label', name: 'notify' },
    { op: 'return', value: notify },
  );
  return assembleClassic(program);
}
