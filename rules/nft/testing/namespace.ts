import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { NftDocument } from '../json.ts';

/** A fresh network namespace that lives until it is closed; for an ordinary user, in a user namespace of its own. */
export interface Namespace {
  /** Runs nft in it. Gives what nft printed; throws an Error with its complaint. */
  nft(args: readonly string[], input?: string): string;
  load(document: NftDocument): void;
  close(): void;
}

const asRoot = process.getuid?.() === 0;

export async function openNamespace(): Promise<Namespace> {
  const holder = spawn('unshare', [asRoot ? '-n' : '-Urn', 'sh', '-c', 'echo ready; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  await once(holder.stdout, 'data');
  const enter = ['-t', String(holder.pid), ...(asRoot ? [] : ['-U', '--preserve-credentials']), '-n'];
  const nft = (args: readonly string[], input = ''): string => {
    // nft can't open Node's own pipes as /dev/stdin: the shell makes a true one
    const command = ['sh', '-c', 'cat | nft "$@"', 'sh', ...args];
    const { status, stdout, stderr } = spawnSync('nsenter', [...enter, ...command], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) throw new Error(`nft ended with ${status}: ${stderr.slice(0, 500)}`);
    return stdout;
  };
  return {
    nft,
    load: (document) => void nft(['-j', '-f', '-'], JSON.stringify(document)),
    close: () => void holder.stdin.end(),
  };
}
