import { type Datum, filled } from './datum.ts';
import { type Expression, u8, u32 } from './expression.ts';
import type { Change, Load, Subject } from './load.ts';
import { registerOf, type Slot, WORDS_OF_VALUE, wordsOf } from './registers.ts';
import { ANONYMOUS_MAP } from './set-names.ts';

/** The expressions that load a subject into the registers from a slot on. */
export function subjectExpressions(subject: Subject, slot: Slot = 0): readonly Expression[] {
  const { load, mask, xor, swapped, size, changes = [] } = subject;
  return [
    ...loadExpressions(load, slot),
    ...changes.map((change) => changeExpression(change, size, slot)),
    ...(mask === undefined ? [] : [bitwise(slot, mask, xor ?? filled(mask.size, 0))]),
    ...(swapped === true ? [byteorder(slot, HTON, size)] : []),
  ];
}

export function loadExpressions(load: Load, slot: Slot): readonly Expression[] {
  const register = registerOf(slot);
  switch (load.kind) {
    case 'payload': {
      const { base, offset, bits } = load;
      return [{ name: 'payload', attributes: [u32(1, register), u32(2, base), u32(3, offset / 8), u32(4, bits / 8)] }];
    }
    case 'meta':
      return [{ name: 'meta', attributes: [u32(2, load.key), u32(1, register)] }];
    case 'ct': {
      const direction = load.direction === undefined ? [] : [u8(3, load.direction)];
      return [{ name: 'ct', attributes: [u32(2, load.key), u32(1, register), ...direction] }];
    }
    case 'other':
      return [{ name: load.name, attributes: [u32(load.register, register), ...load.attributes] }];
    case 'hash': {
      const behind = slot + WORDS_OF_VALUE;
      const registers = [u32(1, registerOf(behind)), u32(2, register), u32(3, load.of.size)];
      return [...subjectExpressions(load.of, behind), { name: 'hash', attributes: [...registers, ...load.attributes] }];
    }
    case 'map':
      return [...subjectExpressions(load.of, slot), mapLookup(load.map, register)];
    case 'concat': {
      let at = slot;
      return load.parts.flatMap((part) => {
        const here = at;
        at += wordsOf(part.size);
        return subjectExpressions(part, here);
      });
    }
    default:
      return load satisfies never;
  }
}

function mapLookup(map: Extract<Load, { kind: 'map' }>['map'], register: number): Expression {
  const registers = [u32(2, register), u32(3, register)];
  if (typeof map === 'string')
    return { name: 'lookup', attributes: [...registers, { type: 1, as: 'text', value: map }] };
  return {
    name: 'lookup',
    attributes: [...registers, { type: 1, as: 'text', value: ANONYMOUS_MAP }, { type: 4, as: 'set', value: map }],
  };
}

/** Operations of bitwise and byteorder: NFT_BITWISE_*, NFT_BYTEORDER_*. */
const shifts = { left: 1, right: 2 } as const;
const NTOH = 0;
const HTON = 1;

function changeExpression(change: Change, size: number, slot: Slot): Expression {
  const register = registerOf(slot);
  switch (change.kind) {
    case 'mask':
      return bitwise(slot, change.mask, change.xor);
    case 'order':
      return byteorder(slot, change.to === 'host' ? NTOH : HTON, size);
    case 'shift':
      return {
        name: 'bitwise',
        attributes: [
          u32(1, register),
          u32(2, register),
          u32(3, size),
          u32(6, shifts[change.to]),
          { type: 7, as: 'datum', value: { size: 4, word: change.bits } },
        ],
      };
    default:
      return change satisfies never;
  }
}

/** register = (register & mask) ^ xor */
function bitwise(slot: Slot, mask: Datum, xor: Datum): Expression {
  const register = registerOf(slot);
  return {
    name: 'bitwise',
    attributes: [
      u32(1, register),
      u32(2, register),
      u32(3, mask.size),
      { type: 4, as: 'datum', value: mask },
      { type: 5, as: 'datum', value: xor },
    ],
  };
}

/** The kernel turns words of 8, 4 or 2 bytes. */
function byteorder(slot: Slot, operation: number, size: number): Expression {
  const register = registerOf(slot);
  const word = size % 8 === 0 ? 8 : size % 4 === 0 ? 4 : 2;
  return {
    name: 'byteorder',
    attributes: [u32(1, register), u32(2, register), u32(3, operation), u32(4, size), u32(5, word)],
  };
}

/** A constant in a register. */
export function immediate(slot: Slot, value: Datum): Expression {
  return { name: 'immediate', attributes: [u32(1, registerOf(slot)), { type: 2, as: 'datum', value }] };
}
