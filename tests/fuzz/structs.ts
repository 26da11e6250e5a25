import { readFileSync } from 'node:fs';
import { xtAlign } from '../../protocol/x-tables.ts';
import { anyHeader } from '../../rules/blob/encode.ts';
import type { AnyMatch, AnyTarget, Revision } from '../../rules/extension.ts';
import { matches, targets } from '../../rules/registry.gen.ts';
import { randomFrom } from '../harness/random.ts';

/** A match's or target's struct as iptables made it of a command line, and the header its rule had. */
export interface ValidStruct {
  readonly kind: 'match' | 'target';
  readonly name: string;
  readonly revision: number;
  readonly protocol: number;
  /** Of the header's inverted flags IPT_INV_PROTO only. */
  readonly inverted: number;
  /** The bytes behind the 32-byte header, aligned. */
  readonly hex: string;
}

/** One revision of an extension, with structs of it that are known to be valid. */
export interface KnownRevision {
  readonly definition: AnyMatch | AnyTarget;
  readonly number: number;
  readonly revision: Revision<unknown>;
  readonly samples: readonly Sample[];
}

/** Bytes behind an extension's header, and the protocol its rule must have. */
export interface Sample {
  readonly data: Uint8Array;
  readonly protocol: number;
  readonly inverted: number;
}

const mostTries = 2000;
const recorded = JSON.parse(readFileSync(new URL('./structs.json', import.meta.url), 'utf8')) as ValidStruct[];

function samplesOf(definition: AnyMatch | AnyTarget, number: number, size: number): readonly Sample[] {
  const { kind, name, placement } = definition;
  const own = recorded
    .filter((one) => one.kind === kind && one.name === name && one.revision === number)
    .map(({ hex, protocol, inverted }): Sample => ({ data: Buffer.from(hex, 'hex'), protocol, inverted }));
  if (own.length > 0) return own;
  const protocol = placement.protocol ?? 0;
  return acceptable(definition, number, size, protocol).map((data) => ({ data, protocol, inverted: 0 }));
}

/** Structs of a revision that no iptables of today writes: what the extension's own check lets pass of random ones. */
function acceptable(
  { check, revisions, placement }: AnyMatch | AnyTarget,
  number: number,
  size: number,
  protocol: number,
): readonly Uint8Array[] {
  const random = randomFrom(size + number);
  const found: Uint8Array[] = [];
  const table = [placement.table ?? 'filter'].flat()[0] ?? 'filter';
  const context = { table, header: { ...anyHeader(), protocol }, hooks: placement.hooks ?? 2 };
  let data = new Uint8Array(xtAlign(size));
  for (let tries = 0; tries < mostTries && found.length < 4; tries += 1) {
    try {
      check(revisions[number]?.decode(data), context);
      found.push(data);
    } catch {
      // Another one.
    }
    data = new Uint8Array(xtAlign(size));
    for (let left = 1 + random(6); left > 0 && size > 0; left -= 1)
      data[random(size)] = 1 + random(random(2) === 0 ? 8 : 127);
  }
  return found.length > 0 ? found : [new Uint8Array(xtAlign(size))];
}

/** Every revision of every extension of the registry. */
export const knownRevisions: readonly KnownRevision[] = [...matches, ...targets].flatMap((definition) =>
  Object.entries(definition.revisions).map(([key, revision]) => ({
    definition,
    number: Number(key),
    revision,
    samples: samplesOf(definition, Number(key), revision.size),
  })),
);
