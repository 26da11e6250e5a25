import { describe, expect, it } from 'vitest';
import { IdIndex } from './id-index.ts';

describe('where ids stand', () => {
  it.each([
    ['none', []],
    ['no ids', [0, 0]],
    ['close together', [0, 7, 5, 0, 6, 0]],
    ['far apart', [0, 4_294_967_295, 1, 0, 70_000, 0]],
  ])('%s', (_, ids) => {
    const index = new IdIndex(Uint32Array.from(ids));
    for (const id of [...ids, 2, 8, 4, 4_294_967_294]) expect(index.at(id)).toBe(id === 0 ? -1 : ids.indexOf(id));
  });
});
