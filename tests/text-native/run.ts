import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programCommand } from '../harness/program.ts';
import type { Report } from './report.ts';

const program = new URL('./child.ts', import.meta.url);

/** Names for addresses that the tables hold; one is wider than its column. */
const hosts = `127.0.0.1 localhost
10.0.0.1 ten ten.example
192.168.1.0 a-name-that-is-wider-than-its-column.example
192.0.2.128 h\u00f6st
100.64.0.0 twenty-characters-xx
`;

/** Mounts the hosts file ($0) over the system's, in a mount namespace of its own, then runs the rest. */
const withHosts = 'mount --bind "$0" /etc/hosts && exec "$@"';

/** Runs the comparison in fresh network and mount namespaces. Throws an Error with stderr when it can't be done. */
export function compareWithNative(): Report {
  const folder = mkdtempSync(join(tmpdir(), 'bpfilter-text-'));
  try {
    const hostsFile = join(folder, 'hosts');
    writeFileSync(hostsFile, hosts);
    const command = ['sh', '-c', withHosts, hostsFile, ...programCommand(program)];
    const done = spawnSync('unshare', ['-n', '-m', ...command], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      // A lock of its own: nothing else is to wait for us, nor we for it.
      env: { ...process.env, XTABLES_LOCKFILE: join(folder, 'lock'), LC_ALL: 'C' },
    });
    if (done.error !== undefined) throw done.error;
    if (done.status !== 0) throw new Error(`comparison ended with ${done.status}: ${done.stderr}`);
    return JSON.parse(done.stdout) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Why there is nothing to compare with here, or undefined. */
export function whyNoNative(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  if (spawnSync('unshare', ['-n', '-m', 'mount', '--bind', '/etc/hosts', '/etc/hosts']).status !== 0)
    return 'no network and mount namespaces';
  const version = spawnSync('iptables-legacy', ['-V'], { encoding: 'utf8' }).stdout ?? '';
  if (version.trim() !== 'iptables v1.8.9 (legacy)') return `no iptables-legacy 1.8.9 (${version.trim() || 'none'})`;
  const listed = spawnSync('unshare', ['-n', 'iptables-legacy', '-w', '-S'], { encoding: 'utf8' });
  return listed.status === 0 ? undefined : `the kernel has no ip_tables: ${listed.stderr.trim()}`;
}
