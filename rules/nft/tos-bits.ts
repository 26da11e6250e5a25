import { differs, ipBits, settledChecksum } from './ip-field.ts';
import type { NftExpression, NftStatement } from './json.ts';

/**
 * Any change of the TOS byte: `(tos & ~mask) ^ value`, as rules of a chain of its own.
 *
 * nft has the checksum follow only what it writes by a field's name, and of the TOS byte that is constants
 * (ip-field.ts). By its bits it writes the byte only at a raw offset, which leaves the checksum alone. So the checksum
 * is first made to follow each bit that changes, by way of the same bit of the id (which nft writes as it likes, by
 * name): where both bits are alike, the id's is changed by name and changed back raw; where they differ, changed raw
 * and back by name. Either way the checksum has followed the change of the TOS bit, and the id is what it was.
 *
 *     TOS bit 0, id bit 0:  ip id set ip id ^ b      @nh,32,16 set @nh,32,16 ^ b
 *     TOS bit 0, id bit 1:  @nh,32,16 set … ^ b      ip id set ip id ^ b
 */
export function changeTosBits(mask: number, value: number): readonly (readonly NftStatement[])[] {
  const follow = bits(mask | value).flatMap((bit) =>
    // a bit under the mask is set or cleared, any other one of the value inverted
    ((mask & bit) === 0 ? [0, bit] : [(value & bit) ^ bit]).flatMap((old) => following(bit, old)),
  );
  const kept = { '&': [firstWord, 0xffff ^ mask] } as const;
  const changed = mask === 0 ? firstWord : kept;
  const write: NftStatement = { mangle: { key: firstWord, value: value === 0 ? changed : { '^': [changed, value] } } };
  const isInverting = (value & ~mask) !== 0;
  return [...follow, [...(isInverting ? [] : [differs('tos', value, mask)]), write, ...settledChecksum]];
}

/** Version, header length and TOS; the id; each two bytes. */
const firstWord: NftExpression = { payload: { base: 'nh', offset: 0, len: 16 } };
const rawId: NftExpression = { payload: { base: 'nh', offset: 32, len: 16 } };
const namedId: NftExpression = { payload: { protocol: 'ip', field: 'id' } };

/** The checksum follows a bit of the TOS byte that is `old` and will change. */
function following(bit: number, old: number): readonly (readonly NftStatement[])[] {
  const [counted, uncounted] = [inverted(namedId, bit), inverted(rawId, bit)];
  return [old, old ^ bit].map((other) => [
    ipBits('tos', bit, old),
    { match: { op: '==', left: { '&': [rawId, bit] }, right: other } },
    ...(other === old ? [counted, uncounted] : [uncounted, counted]),
  ]);
}

function inverted(word: NftExpression, bit: number): NftStatement {
  return { mangle: { key: word, value: { '^': [word, bit] } } };
}

function bits(byte: number): readonly number[] {
  return Array.from({ length: 8 }, (_, at) => 1 << at).filter((bit) => (byte & bit) !== 0);
}
