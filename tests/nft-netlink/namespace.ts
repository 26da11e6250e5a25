import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { CLONE_NEWNET, setns } from '../../sys/namespace.ts';
import { type NetlinkSocket, openNetlink } from '../../sys/nfnetlink/socket.ts';

/** A network namespace of its own: nft runs in it as a process, a netlink socket of ours lives in it. */
export class NetlinkNamespace {
  readonly socket: NetlinkSocket;
  readonly #holder: ChildProcess;

  private constructor(holder: ChildProcess, socket: NetlinkSocket) {
    this.#holder = holder;
    this.socket = socket;
  }

  static async open(): Promise<NetlinkNamespace> {
    const holder = spawn('unshare', ['-n', 'sh', '-c', 'echo ready; exec cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(holder.stdout, 'data');
    return new NetlinkNamespace(holder, within(`/proc/${holder.pid}/ns/net`, openNetlink));
  }

  /** Runs nft; gives its complaint, "" for none. */
  nft(args: readonly string[], input = ''): string {
    const shell = ['sh', '-c', 'cat | nft "$@"', 'sh', ...args];
    const { status, stderr } = spawnSync('nsenter', ['-t', String(this.#holder.pid), '-n', ...shell], {
      input,
      encoding: 'utf8',
    });
    return status === 0 ? '' : stderr || `status ${status}`;
  }

  /** Does something with this thread in the namespace. */
  enter<T>(work: () => T): T {
    return within(`/proc/${this.#holder.pid}/ns/net`, work);
  }

  close(): void {
    this.socket.close();
    this.#holder.stdin?.end();
  }
}

/** A socket stays in the namespace that its thread was in when it was made. */
function within<T>(path: string, work: () => T): T {
  const [there, here] = [openSync(path, 'r'), openSync('/proc/thread-self/ns/net', 'r')];
  try {
    setns(there, CLONE_NEWNET);
    return work();
  } finally {
    setns(here, CLONE_NEWNET);
    closeSync(there);
    closeSync(here);
  }
}
