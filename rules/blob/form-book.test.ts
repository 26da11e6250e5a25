import { describe, expect, it } from 'vitest';
import type { AnyMatch } from '../extension.ts';
import { matches, targets } from '../registry.gen.ts';
import { anyHeader } from '../testing/header.ts';

/** An object that notes which of its fields are read. */
function watched(info: object, read: Set<PropertyKey>): object {
  return new Proxy(info, {
    get(target, name) {
      read.add(name);
      return Reflect.get(target, name);
    },
  });
}

const withPorts = matches.filter((match) => match.portRanges !== undefined);

/** A struct of a match that says where it has ports: all of it 0 but these. */
function structOf({ portRanges = [], revisions }: AnyMatch, ports: readonly number[]): Uint8Array {
  const data = new Uint8Array(revisions[0]?.size ?? 0);
  const view = new DataView(data.buffer);
  for (const [index, at] of portRanges.entries()) {
    view.setUint16(at, ports[2 * index] ?? 0, true);
    view.setUint16(at + 2, ports[2 * index + 1] ?? 0, true);
  }
  return data;
}

describe('matches that say where they have ports', () => {
  it.each(withPorts.map((match) => [match.name, match] as const))('%s: has them there', (_, match) => {
    expect(Object.keys(match.revisions)).toEqual(['0']);
    expect(match.revisions[0]?.decode(structOf(match, [1, 2, 3, 4]))).toMatchObject({ spts: [1, 2], dpts: [3, 4] });
  });

  it.each(withPorts.map((match) => [match.name, match] as const))('%s: its check reads none', (_, match) => {
    const read = new Set<PropertyKey>();
    const info = watched(match.revisions[0]?.decode(structOf(match, [1, 2, 3, 4])) as object, read);
    match.check(info, { table: 'filter', header: anyHeader, hooks: 2 });
    expect(read).not.toContain('spts');
    expect(read).not.toContain('dpts');
    expect(read).toContain('invflags');
  });

  it.each([...matches, ...targets].map((one) => [`${one.kind} ${one.name}`, one] as const))(
    '%s: its check reads none of another match',
    (_, extension) => {
      for (const revision of Object.values(extension.revisions)) {
        for (const match of withPorts) {
          const answers = [1, 2].map((port) => {
            const use = { name: match.name, revision: 0, data: structOf(match, [port, port, port, port]) };
            try {
              const info = revision.decode(new Uint8Array(revision.size));
              extension.check(info, {
                table: 'mangle',
                header: { ...anyHeader, protocol: 6 },
                hooks: 2,
                matches: [use],
              });
              return 'right';
            } catch (error) {
              return String(error);
            }
          });
          expect(answers[0]).toBe(answers[1]);
        }
      }
    },
  );
});
