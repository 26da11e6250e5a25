import { expect, test, vi } from 'vitest';
import { composeCommand, encodeRequest, mbox_request, OWN_LEVEL, ownOptions } from '../protocol/mbox.ts';
import { collectGarbage } from '../sys/collect-garbage.ts';
import { type Pipes, serveRequests } from './serve.ts';

vi.mock('../sys/collect-garbage.ts', () => ({ collectGarbage: vi.fn() }));

const silent = { info: () => {}, warning: () => {}, error: () => {} };

/** How often memory is given back while so many requests are served that name `len` bytes each. */
function collections(requests: number, len: number): number {
  const collect = vi.mocked(collectGarbage).mockClear();
  const message = new Uint8Array(mbox_request.size);
  encodeRequest(new DataView(message.buffer), { addr: 0n, len, is_set: 0, cmd: 64, pid: 1 });
  let left = requests;
  const pipes: Pipes = {
    read(bytes) {
      if (left === 0) return 0;
      left -= 1;
      bytes.set(message);
      return bytes.length;
    },
    write: (bytes) => bytes.length,
  };
  serveRequests({ serve: () => 0, answered: () => {} }, pipes, silent);
  return collect.mock.calls.length;
}

test('the next request is looked for behind those of callers, but the first', () => {
  const asked = [0, composeCommand(OWN_LEVEL, ownOptions.WARM_UP), 64, 64, 65];
  const looked: boolean[] = [];
  const pipes: Pipes = {
    read(bytes, _offset, mayLook) {
      const cmd = asked[looked.length];
      looked.push(mayLook);
      if (cmd === undefined) return 0;
      encodeRequest(new DataView(bytes.buffer), { addr: 0n, len: 0, is_set: 0, cmd, pid: 1 });
      return bytes.length;
    },
    write: (bytes) => bytes.length,
  };
  serveRequests({ serve: () => 0, answered: () => {} }, pipes, silent);
  expect(looked).toEqual([false, false, false, false, true, true]);
});

test.each([
  { what: 'a small one', requests: 1, len: 84, times: 0 },
  { what: 'a large one', requests: 1, len: 4 << 20, times: 1 },
  { what: 'one below that', requests: 1, len: (4 << 20) - 1, times: 0 },
  { what: 'some of them', requests: 60, len: (4 << 20) - 1, times: 0 },
  { what: 'many of them', requests: 130, len: (4 << 20) - 1, times: 2 },
  { what: 'very many small ones', requests: 40_000, len: 84, times: 2 },
])('memory is given back after: $what', ({ requests, len, times }) => {
  expect(collections(requests, len)).toBe(times);
});
