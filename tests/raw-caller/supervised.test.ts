import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RawCase } from './case.ts';
import { malformed } from './malformed.ts';
import type { RawResult } from './request.ts';
import { runRaw, whyNoNativeTables } from './run.ts';

const program = fileURLToPath(new URL('../../dist/bpfilter', import.meta.url));
const reason = existsSync(program) ? whyNoNativeTables() : 'dist/bpfilter is not built';
const natively = ['unshare', '-n'];
const supervised = ['unshare', '-n', program, 'run', '--'];
const minutes = 60_000;

/** What must be alike: bytes and lengths too, where the call succeeded. */
function shown({ request, ours }: RawCase, answer: RawResult | undefined, mine: boolean): string {
  if (answer === undefined) return 'no answer';
  const errno = mine || ours === undefined ? answer.errno : ours;
  const { title, result, length, bytes, counters = '' } = answer;
  if (errno !== '') return `${title}: ${errno}, length ${length}`;
  return `${title}: ${result}, length ${length}, bytes ${request.call === 'get' ? bytes : ''}, counters ${counters}`;
}

describe.skipIf(reason !== undefined)(
  `raw calls natively and supervised${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('get the same answers', { timeout: 2 * minutes }, () => {
      const requests = malformed.map(({ request }) => request);
      const native = runRaw(requests, natively);
      const mine = runRaw(requests, supervised);
      expect(malformed.map((one, index) => shown(one, mine[index], true))).toEqual(
        malformed.map((one, index) => shown(one, native[index], false)),
      );
    });

    it('are refused alike without CAP_NET_ADMIN', { timeout: 2 * minutes }, () => {
      const without = ['setpriv', '--bounding-set', '-net_admin'];
      const requests = malformed.map(({ request }) => request);
      const errnos = (wrapper: readonly string[]): readonly string[] =>
        runRaw(requests, [...wrapper, ...without]).map(({ title, errno }) => `${title}: ${errno}`);
      expect(errnos(supervised)).toEqual(errnos(natively));
    });
  },
);
