import { describe, expect, test } from 'vitest';
import { ChainModel, listingOf } from './chain-model.ts';
import { Random } from './random.ts';

/** What a command line does to the rules, worked out from its words: a second opinion on the model's. */
function applied(line: string, before: readonly string[]): readonly string[] {
  const rules = [...before];
  for (const one of line.split('\n')) {
    const [, verb, rest = ''] = /(?:^|\s)-([AIDRFS]) c ?(.*)$/.exec(one) ?? [];
    const [, number = '', rule = ''] = /^(\d+) ?(.*)$/.exec(rest) ?? [];
    if (one.startsWith(':c ') || verb === 'F') rules.length = 0;
    else if (verb === 'A') rules.push(rest);
    else if (verb === 'I') rules.splice(Number(number) - 1, 0, rule);
    else if (verb === 'R') rules.splice(Number(number) - 1, 1, rule);
    else if (verb === 'D') rules.splice(number === '' ? rules.indexOf(rest) : Number(number) - 1, 1);
  }
  return rules;
}

describe('the model of a chain', () => {
  test('names ports that there are, however many rules it makes', () => {
    const model = new ChainModel('c', new Random(7), 3);
    const named = new Set<number>();
    for (let round = 0; round < 40_000; round += 1) {
      const { line, after } = model.next();
      for (const [, port] of line.matchAll(/--dport (\d+)/g)) named.add(Number(port));
      model.becomes(after);
    }
    expect([named.size, Math.max(...named)]).toEqual([10_000, 59_999]);
  });

  test('knows what each of its commands makes of the rules', () => {
    const model = new ChainModel('c', new Random(7));
    const verbs = new Set<string>();
    for (let round = 0; round < 2_000; round += 1) {
      const before = model.rules;
      const { line, after } = model.next();
      expect(after, line).toEqual(applied(line, before));
      verbs.add(/^iptables-restore|-[AIDRFS](?= c)/.exec(line.replace('iptables -w 60 ', ''))?.[0] ?? line);
      model.becomes(after);
    }
    expect([...verbs].sort()).toEqual(['-A', '-D', '-F', '-I', '-R', '-S', 'iptables-restore']);
  });

  test('gives the same commands for the same seed, others for another one', () => {
    const lines = (seed: number) => {
      const model = new ChainModel('c', new Random(seed));
      return Array.from({ length: 20 }, () => {
        const { line, after } = model.next();
        model.becomes(after);
        return line;
      });
    };
    expect(lines(3)).toEqual(lines(3));
    expect(lines(3)).not.toEqual(lines(4));
  });

  test('a list tells what is wrong with it', () => {
    const model = new ChainModel('c', new Random(1));
    model.becomes(['-p tcp -j DROP']);
    let command = model.next();
    while (command.wrong === undefined) command = model.next();
    expect(command.wrong(listingOf('c', ['-p tcp -j DROP']))).toBeUndefined();
    expect(command.wrong(listingOf('c', []))).toContain('wanted:\n-N c\n-A c -p tcp -j DROP');
  });
});
