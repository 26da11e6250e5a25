import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inNamespace, served } from './way.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');

describe.skipIf(reason !== undefined)(titled('umh disable', reason), () => {
  // A request waits 10 s for `umh enable`, and everybody behind it: but not for a caller that is gone.
  test('a caller that is killed while it waits keeps nobody else waiting', () => {
    withFolder((folder) => {
      const script = `${bpfilter} umh disable && date +%s%3N || exit 1
        iptables-legacy -S & sleep 1.5; kill -9 $!; ${bpfilter} status >/dev/null && date +%s%3N`;
      const { stdout } = runCommand([...inNamespace, ...served, 'sh', '-c', script], { folder });
      const [asked = 0, told = 0, ...rest] = stdout
        .split('\n')
        .filter((line) => /^\d+$/.test(line))
        .map(Number);
      expect({ rest, stdout }).toEqual({ rest: [], stdout: expect.not.stringContaining('-P INPUT') });
      expect(told - asked).toBeGreaterThan(1_000);
      expect(told - asked).toBeLessThan(8_500);
    });
  });
});
