import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('build', 'nft', 'iptables-legacy', 'user namespaces');

/**
 * Where a socket's buffer can't be grown, one transaction is twice net.core.wmem_max at most: 8 MB here. nft doesn't even
 * try to grow it, and is slow.
 */
const COUNT = missing('netlink') === undefined ? 9_000 : 3_000;
const unprivileged = ['unshare', '-Urn', bpfilter, 'run', '--', 'sh', '-c'] as const;

function ruleset(port: number): string {
  const rules = Array.from(
    { length: COUNT },
    (_, at) => `-A many -s 10.0.${at >> 8}.${at & 255}/32 -p tcp -m tcp --dport ${port} -j DROP`,
  );
  return ['*filter', ':many - [0:0]', '-A INPUT -p icmp', '-A INPUT -j many', ...rules, 'COMMIT', ''].join('\n');
}

const counted =
  'ip link set lo up; ping -c 2 -i 0.01 -q 127.0.0.1 >/dev/null; iptables -L INPUT -vnx | awk "NR == 3 { print \\$1 }"';

describe.skipIf(reason !== undefined)(titled('tables too large for one transaction', reason), () => {
  test('come into force all the same, one in the place of the other, and go', { timeout: 120_000 }, () => {
    withFolder((folder) => {
      for (const port of [80, 443]) fs.writeFileSync(path.join(folder, `${port}`), ruleset(port));
      const load = (port: number) =>
        `iptables-restore ${folder}/${port} && iptables -S many | grep -c 'dport ${port} ' && ${counted} && nft list tables`;
      const ran = runCommand(
        [
          ...unprivileged,
          `${load(80)}; ${load(443)}; iptables -D many 7; iptables -S many | wc -l; ${bpfilter} reset; nft list ruleset; grep -c 'in several' ${folder}/*/log`,
        ],
        { folder, timeoutMs: 110_000 },
      );
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      expect(ran.stdout).toBe(
        `${COUNT}\n4\ntable ip bpfilter_filter\n${COUNT}\n4\ntable ip bpfilter_filter_2\n${COUNT}\n2\n`,
      );
      expect(ran.stdout).not.toContain('gen_stage');
    });
  });

  test('a driver killed again and again while it makes one: nothing is left half done', { timeout: 120_000 }, () => {
    withFolder((folder) => {
      for (const port of [80, 443]) fs.writeFileSync(path.join(folder, `${port}`), ruleset(port));
      const kills = `for i in 1 2 3; do sleep 0.5; ${bpfilter} umh kill; done >/dev/null 2>&1`;
      const round = (port: number) =>
        `(${kills}) & iptables-restore ${folder}/${port} || echo failed; wait; iptables -S many | grep -c 'dport ${port} '; nft list tables | wc -l; nft list chains | grep -c gen_`;
      const ran = runCommand([...unprivileged, [80, 443].map(round).join('\n')], { folder, timeoutMs: 100_000 });
      expect(ran.stdout).toBe(`${COUNT}\n1\n1\n`.repeat(2));
    });
  });
});
