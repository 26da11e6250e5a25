import fs from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');

/** Processes whose state folder lies in `folder`. */
function driversOf(folder: string): number {
  return fs.readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return fs.readFileSync(`/proc/${name}/environ`, 'latin1').includes(`BPFILTER_STATE=${folder}/`);
    } catch {
      return false; // it has just gone
    }
  }).length;
}

describe.skipIf(reason !== undefined)(titled('drivers end before run does', reason), () => {
  // The standby is started 250 ms after the first driver: around then it may be ordered, forked, or on its way up.
  test.each([0, 0.2, 0.24, 0.25, 0.26, 0.28, 0.3, 0.35])('%s s after a request', (pause) => {
    withFolder((folder) => {
      const script = `iptables-legacy -S >/dev/null && sleep ${pause}`;
      const ran = runCommand(['unshare', '-n', bpfilter, 'run', '--', 'sh', '-c', script], { folder });
      expect(driversOf(folder)).toBe(0);
      expect(ran).toMatchObject({ status: 0, stderr: '' });
    });
  });
});
