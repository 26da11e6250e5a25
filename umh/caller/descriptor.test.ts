import { describe, expect, it } from 'vitest';
import { callerSource } from './descriptor.ts';

const named = { address: 4096, length: 8 };

function source(...descriptors: number[]) {
  const waiting = descriptors.map((descriptor) => ({
    descriptor,
    readable: 8,
    writable: 8,
    sequence: BigInt(descriptor),
  }));
  const closed: number[] = [];
  return { closed, waiting, caller: callerSource({ receive: () => waiting.shift(), close: (fd) => closed.push(fd) }) };
}

describe('descriptors of callers', () => {
  it('closes the one of the request', () => {
    const { caller, closed } = source(7);
    expect(caller.take(named).sequence).toBe(7n);
    expect(closed).toEqual([]);
    caller.close();
    expect(closed).toEqual([7]);
    caller.close();
    expect(closed).toEqual([7]);
  });

  it('is a fault when none came', () => {
    expect(() => source().caller.take(named)).toThrow(expect.objectContaining({ code: 'fault' }));
  });

  it('closes strays: those that came earlier, and those that came without a request', () => {
    const { caller, closed, waiting } = source(5, 6, 7);
    caller.take(named);
    expect(closed).toEqual([5, 6]);
    caller.close();
    waiting.push(...[8, 9].map((descriptor) => ({ descriptor, readable: 8, writable: 8, sequence: 1n })));
    caller.close();
    expect(closed).toEqual([5, 6, 7, 8, 9]);
  });
});
