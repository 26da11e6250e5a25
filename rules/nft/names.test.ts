import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { counterId, guardComment, guardedId, limitName, markerName, parseMarker, userChainName } from './names.ts';

const builtins = new Set(['INPUT', 'FORWARD', 'OUTPUT']);

describe('userChainName', () => {
  it.each([
    ['DOCKER-USER', 'DOCKER-USER'],
    ['f2b_sshd.0', 'f2b_sshd.0'],
    ['PREROUTING', 'PREROUTING'], // no built-in chain of this table
    ['INPUT', 'chain_INPUT'],
    ['gen_1_a', 'chain_gen_5f1_5fa'],
    ['hook_x', 'chain_hook_5fx'],
    ['guard_20', 'chain_guard_5f20'],
    ['chain_', 'chain_chain_5f'],
    ['generic', 'generic'],
    ['-x', 'chain__2dx'],
    ['a b', 'chain_a_20b'],
    ['\u00e4', 'chain__e4'],
    ['', 'chain_'],
  ])('%j → %j', (name, expected) => expect(userChainName(name, builtins)).toBe(expected));

  it('never takes a name twice, nor one of ours', () => {
    const characters = fc.constantFrom(
      '_',
      'a',
      'c',
      'g',
      '5',
      'f',
      '-',
      ' ',
      '\u00ff',
      'chain_',
      'gen_',
      'guard_',
      'hook_',
      'INPUT',
    );
    const name = fc.array(characters, { maxLength: 5 }).map((list) => list.join(''));
    fc.assert(
      fc.property(name, name, (one, other) => {
        const [first, second] = [userChainName(one, builtins), userChainName(other, builtins)];
        expect(first === second).toBe(one === other);
        expect(builtins.has(first) || /^(gen|hook|guard)_/.test(first)).toBe(false);
      }),
    );
  });
});

describe('names that are read back', () => {
  it('markers', () => {
    const generation = { generation: 12, instance: 'f00' };
    expect(markerName(generation)).toBe('gen_12_f00');
    expect(parseMarker('gen_12_f00')).toEqual(generation);
    for (const other of ['gen_', 'gen_x_y', 'chain_gen_5f1_5fa', 'gen_1_a_b'])
      expect(parseMarker(other)).toBeUndefined();
  });

  it('counters, guards', () => {
    expect([counterId('r7'), counterId('r07'), counterId('rx'), counterId('xr7')]).toEqual([
      7,
      undefined,
      undefined,
      undefined,
    ]);
    expect([guardedId(guardComment(9)), guardedId('guard of r9 ')]).toEqual([9, undefined]);
    expect([limitName(3), limitName(3, 2)]).toEqual(['l3', 'l3_2']);
  });
});
