import { describe, expect, it } from 'vitest';
import type { ChainGraph } from './chains.ts';
import { hooksByJumps } from './jump-reach.ts';

/** INPUT (0–1), OUTPUT (2–3), user chains one (5–6) and two (8–9); `jumps` by entry. */
function graph(jumps: Readonly<Record<number, number>>): ChainGraph {
  return {
    chains: [
      { kind: 'builtin', name: 'INPUT', hook: 1, first: 0, last: 1 },
      { kind: 'builtin', name: 'OUTPUT', hook: 3, first: 2, last: 3 },
      { kind: 'user', name: 'one', head: 4, first: 5, last: 6 },
      { kind: 'user', name: 'two', head: 7, first: 8, last: 9 },
    ],
    jumps: Int32Array.from({ length: 11 }, (_, at) => jumps[at] ?? -1),
  };
}

function masks(jumps: Readonly<Record<number, number>>): readonly number[] {
  const hooks = hooksByJumps(graph(jumps), 11);
  expect([hooks[4], hooks[7], hooks[10]]).toEqual([0, 0, 0]); // heads, and the table's end
  return [0, 2, 5, 8].map((first) => {
    expect(hooks[first + 1]).toBe(hooks[first]);
    return hooks[first] ?? 0;
  });
}

describe('hooks by jumps', () => {
  it.each([
    { title: 'none', jumps: {}, hooks: [2, 8, 0, 0] },
    { title: 'one by one', jumps: { 0: 2, 5: 3 }, hooks: [2, 8, 2, 2] },
    { title: 'from two hooks, however late the second comes', jumps: { 0: 3, 2: 2, 5: 3 }, hooks: [2, 8, 8, 10] },
    { title: 'from a chain that nothing leads to', jumps: { 5: 3 }, hooks: [2, 8, 0, 0] },
    { title: 'a loop', jumps: { 0: 2, 5: 3, 8: 2 }, hooks: [2, 8, 2, 2] },
  ])('$title', ({ jumps, hooks }) => {
    expect(masks(jumps)).toEqual(hooks);
  });
});
