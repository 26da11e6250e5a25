import { expect, test } from 'vitest';
import { matches as known } from '../registry.gen.ts';
import { FormBook } from './form-book.ts';
import { parseReplace } from './parse.ts';
import { entry, extension, filter, ip, standard, verdicts } from './testing/raw-blob.ts';
import { walkEntries } from './walk.ts';

const COUNT = 100;

/** A source address under a mask that doesn't cover it. */
function strayAddress(at: number): Uint8Array {
  const bytes = Buffer.from(ip({ source: 0x0a000000 + at }));
  bytes.writeUInt32BE(0xff000000, 8);
  return entry({ ip: bytes, target: standard(verdicts.drop) });
}

/** `-p udp --dport AT` */
function port(at: number): Uint8Array {
  const info = Buffer.alloc(10);
  for (const [offset, value] of [0, 0xffff, at, at].entries()) info.writeUInt16LE(value, 2 * offset);
  return entry({
    ip: ip({ protocol: 17 }),
    matches: [extension('udp', 0, Buffer.concat([info], 16))],
    target: standard(verdicts.drop),
  });
}

/** Two halves that are the same, where no port is. */
function mark(at: number): Uint8Array {
  const info = Buffer.alloc(16);
  info.writeUInt32LE(at * 0x10001, 0);
  return entry({ matches: [extension('mark', 1, info)], target: standard(verdicts.drop) });
}

const registry = {
  findMatch(name: string) {
    const definition = known.find((one) => one.name === name);
    if (definition === undefined) throw new RangeError(name);
    return { definition } as never;
  },
};

/** How many forms there are of each hash, and the greatest of these numbers. */
function longest(input: readonly Uint8Array[], ranges?: typeof registry): { forms: number; of: number } {
  const replace = parseReplace(filter({ input }));
  const { forms } = walkEntries(replace, { book: new FormBook(replace.layout, ranges) });
  const lengths = forms.map((form) => {
    let length = 0;
    for (let one: typeof form | undefined = form; one !== undefined; one = one.sameHash) length += 1;
    return length;
  });
  return { forms: new Set(forms).size, of: Math.max(...lengths) };
}

/** The policies, and the end. */
const OTHERS = 2;

test.each([
  ['addresses outside of their masks', strayAddress, registry],
  ['ports that are looked for', port, registry],
  ['ports that are not', port, undefined],
  ['what only looks like ports', mark, registry],
] as const)('entries are told apart in few steps: %s', (_, entryOf, ranges) => {
  const { forms, of } = longest(
    Array.from({ length: COUNT }, (_, at) => entryOf(at + 1)),
    ranges,
  );
  expect(of).toBeLessThanOrEqual(8);
  expect(forms).toBe((entryOf === port && ranges !== undefined ? 1 : COUNT) + OTHERS);
});
