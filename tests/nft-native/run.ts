import { spawnSync } from 'node:child_process';
import { programCommand } from '../harness/program.ts';

const program = new URL('./child.ts', import.meta.url);

/** Which tables: seeds from `first`. */
export interface Seeds {
  readonly first: number;
  readonly count: number;
}

/** "packets:bytes" of every entry of each table, in blob order, in a fresh namespace. Throws an Error with stderr. */
export function countersBy(mode: 'native' | 'nft', { first, count }: Seeds): readonly (readonly string[])[] {
  const command = ['-n', ...programCommand(program), mode, String(first), String(count)];
  const done = spawnSync('unshare', command, { encoding: 'utf8', maxBuffer: 1 << 28 });
  if (done.error !== undefined) throw done.error;
  if (done.status !== 0) throw new Error(`${mode} ended with ${done.status}: ${done.stderr}`);
  return JSON.parse(done.stdout) as readonly (readonly string[])[];
}

/** Why nothing can be compared here, or undefined. */
export function whyNotHere(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const tried = spawnSync(
    'unshare',
    ['-n', 'sh', '-c', 'ip link add name pair0 type veth peer name pair1 && nft list tables && iptables-legacy -w -S'],
    { encoding: 'utf8' },
  );
  return tried.status === 0 ? undefined : (tried.error?.message ?? tried.stderr.trim());
}
