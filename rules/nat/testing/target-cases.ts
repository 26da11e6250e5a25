import { expect } from 'vitest';
import { errnoOf } from '../../../protocol/error.ts';
import type { CheckContext, TargetDefinition } from '../../extension.ts';
import type { HeaderMatch } from '../../ir.ts';
import type { NftStatement } from '../../nft/json.ts';
import { checking, printing } from '../../testing/context.ts';
import { anyHeader, headerOf } from '../../testing/header.ts';
import type { NatRange } from '../nat-range.ts';

export const tcp: HeaderMatch = headerOf(6);
export const notTcp: HeaderMatch = headerOf(6, 0x40);

const MAP_IPS = 1;
const PROTO_SPECIFIED = 2;

/** 10.9.0.N */
const host = (last: number): NatRange['minAddress'] => [0x0a090000 + last, 0, 0, 0];

/** A range from 10.9.0.N to 10.9.0.M and from port to port, with the flags of what is given and `flags`. */
export function range({
  hosts,
  ports,
  flags = 0,
  ...more
}: {
  readonly hosts?: readonly [number, number];
  readonly ports?: readonly [number, number];
} & Partial<NatRange>): NatRange {
  const [min, max] = hosts ?? [undefined, undefined];
  const [minPort, maxPort] = ports ?? [0, 0];
  return {
    rangesize: 1,
    flags: flags | (hosts === undefined ? 0 : MAP_IPS) | (ports === undefined ? 0 : PROTO_SPECIFIED),
    minAddress: min === undefined ? [0, 0, 0, 0] : host(min),
    maxAddress: max === undefined ? [0, 0, 0, 0] : host(max),
    minPort,
    maxPort,
    basePort: 0,
    ...more,
  };
}

/** `-L`, `-nL` and `-S` of a target. */
export function targetTexts<Info>(
  target: TargetDefinition<Info>,
  info: Info,
  header: HeaderMatch = anyHeader,
): readonly string[] {
  return [
    target.print(info, printing(header, false)),
    target.print(info, printing(header, true)),
    target.save(info, { header }),
  ];
}

/** The errno that a target's check answers; undefined when it takes the struct. */
export function targetErrno<Info>(
  target: TargetDefinition<Info>,
  info: Info,
  header: HeaderMatch = anyHeader,
  context: CheckContext = checking(header),
): number | undefined {
  try {
    target.check(info, context);
    return undefined;
  } catch (error) {
    return errnoOf(error);
  }
}

/** What nft is told, or the words of why it can't be. */
export function nftOf<Info>(
  target: TargetDefinition<Info>,
  info: Info,
  header: HeaderMatch = anyHeader,
): readonly NftStatement[] | string {
  const { placement } = target;
  const [table = 'filter'] = [placement.table ?? []].flat();
  try {
    return target.nft(info, { header, table }).statements;
  } catch (error) {
    expect((error as { code?: string }).code).toBe('not-expressible');
    return (error as Error).message;
  }
}

/** Every revision writes back what it read, and refuses to read less. */
export function expectBytesKept<Info>({ revisions }: TargetDefinition<Info>, infos: readonly Info[]): void {
  for (const { size, decode, encode } of Object.values(revisions)) {
    for (const info of infos) {
      const bytes = encode(info);
      expect(bytes.length).toBe(size);
      expect(encode(decode(bytes))).toEqual(bytes);
    }
    if (size > 0) expect(() => decode(new Uint8Array(size - 1))).toThrow(`wanted ${size} bytes`);
  }
}
