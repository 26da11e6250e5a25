import { families } from '../../protocol/family.ts';
import { arch } from '../../sys/arch.ts';
import { assembleClassic, type ClassicInstruction } from '../../sys/classic-bpf.ts';
import { execve } from '../../sys/process.ts';
import { installFilter } from '../../sys/seccomp.ts';

/**
 * `without-ip-tables.ts FILE ARG…`: executes FILE where the kernel's own ip_tables answers nobody, as
 * on a kernel that has none. Its socket options get SECCOMP_RET_TRACE, which without a tracer is ENOSYS
 * and, of several filters' answers, weaker than a user notification.
 */
const trace = 0x7ff00000; // SECCOMP_RET_TRACE
const allow = 0x7fff0000; // SECCOMP_RET_ALLOW
const at = { nr: 0, level: 24, option: 32 } as const; // struct seccomp_data: args[1], args[2]

const { getsockopt, setsockopt } = arch().nr;
const program: readonly ClassicInstruction[] = [
  { op: 'load', offset: at.nr },
  { op: 'if-equal', value: getsockopt, yes: 'option' },
  { op: 'if-equal', value: setsockopt, no: 'allow' },
  { op: 'label', name: 'option' },
  ...families.flatMap(({ level, get, set }): ClassicInstruction[] => [
    { op: 'load', offset: at.level },
    { op: 'if-equal', value: level, no: `not${level}` },
    { op: 'load', offset: at.option },
    ...[...Object.values(get), ...Object.values(set)].map(
      (value): ClassicInstruction => ({ op: 'if-equal', value, yes: 'trace' }),
    ),
    { op: 'label', name: `not${level}` },
  ]),
  { op: 'label', name: 'allow' },
  { op: 'return', value: allow },
  { op: 'label', name: 'trace' },
  { op: 'return', value: trace },
];

const [file = '', ...args] = process.argv.slice(2);
installFilter(assembleClassic(program), { noNewPrivs: false });
execve(file, [file, ...args], process.env);
