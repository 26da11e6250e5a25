import type { Drill } from './drill.ts';

/** Shows that growth is noticed: with --leaks it must fail. */
export const hoard: Drill = {
  name: 'hoard',
  what: 'somebody makes more and more nft tables',
  hidden: true,
  async attack({ arena, random, stopped, pause, struck }) {
    while (!stopped()) {
      await pause(random.below(200));
      arena.run('nft', 'add', 'table', 'inet', `hoard${random.below(2 ** 31)}`);
      struck();
    }
  },
};
