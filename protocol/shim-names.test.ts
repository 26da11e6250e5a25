import { describe, expect, it } from 'vitest';
import { clientName, pidOfClient, pidOfShimSocket, shimSocketName } from './shim-names.ts';

describe('names of a shim', () => {
  it('its socket', () => {
    expect(shimSocketName(4_194_304)).toBe('shim-4194304.sock');
    expect(['shim-4194304.sock', 'shim-.sock', 'shim-1.sock.tmp', 'lock'].map(pidOfShimSocket)).toEqual([
      4_194_304,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('its own', () => {
    const name = clientName(4_194_304, '0123456789abcdef');
    expect(name).toBe('004000000123456789abcdef');
    expect([name, 'aa', '0123456789abcdef'].map(pidOfClient)).toEqual([4_194_304, undefined, undefined]);
  });
});
