import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { arch, arches, commonNr } from './arch.ts';

/** Kernel headers as distributions install them; absent without the development package. */
const headers = {
  x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
  arm64: '/usr/include/asm-generic/unistd.h',
} as const;

describe.each(['x64', 'arm64'] as const)('%s', (name) => {
  const header = headers[name];
  test.skipIf(!existsSync(header))(`numbers as in ${header}`, () => {
    const text = readFileSync(header, 'utf8');
    const number = (call: string): number => Number(new RegExp(`^#define __NR_${call}\\s+(\\d+)`, 'm').exec(text)?.[1]);
    const common = {
      pidfd_open: commonNr.pidfdOpen,
      pidfd_getfd: commonNr.pidfdGetfd,
      pidfd_send_signal: commonNr.pidfdSendSignal,
    };
    for (const [call, nr] of Object.entries({ ...arches[name].nr, ...common })) {
      expect(`${call} ${nr}`).toBe(`${call} ${number(call)}`);
    }
  });
});

test('audit arch is EM_X86_64 and EM_AARCH64, 64-bit, little-endian', () => {
  const flags = 0xc0000000;
  expect(arches.x64.auditArch).toBe(flags + 62);
  expect(arches.arm64.auditArch).toBe(flags + 183);
  expect(arch()).toBe(arches[process.arch === 'arm64' ? 'arm64' : 'x64']);
});
