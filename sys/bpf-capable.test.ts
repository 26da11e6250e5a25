import { describe, expect, test } from 'vitest';
import { bpfCapabilities, isBpfCapable } from './bpf-capable.ts';
import { isolated } from './testing/isolated.ts';

const reason = isBpfCapable() ? '' : " (skipped: this process isn't capable of BPF)";

describe.skipIf(reason !== '')(`what BPF wants${reason}`, () => {
  test.each(bpfCapabilities)('a thread without capability %i has too little', (missing) => {
    const seen = isolated(`
      import { readCaps, setCaps } from './capability.ts';
      import { isBpfCapable } from './bpf-capable.ts';
      const before = isBpfCapable();
      const left = readCaps('self').effective & ~(1n << ${missing}n);
      setCaps({ effective: left, permitted: left, inheritable: 0n });
      report([before, isBpfCapable()]);
    `);
    expect(seen).toEqual([true, false]);
  });
});
