import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bpfilter, type Ran, runCommand } from '../harness/ways.ts';
import { ServedShell } from './served-shell.ts';
import { Traffic } from './traffic.ts';

/**
 * A network namespace of a drill's own, kept alive by a process that only waits, with a folder for
 * state and a copy of the built command: a build meanwhile doesn't change what is drilled.
 */
export class Network {
  readonly folder: string;
  readonly #holder: ChildProcess;
  readonly #shells: ServedShell[] = [];
  readonly #streams: Traffic[] = [];

  private constructor(folder: string, holder: ChildProcess) {
    this.folder = folder;
    this.#holder = holder;
  }

  static async create(): Promise<Network> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-drill-'));
    fs.cpSync(path.dirname(bpfilter), path.join(folder, 'dist'), { recursive: true });
    fs.mkdirSync(path.join(folder, 'base'), { mode: 0o700 });
    const holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo up && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new Network(folder, holder);
  }

  /** The words before a command that put it into this network. */
  get inside(): readonly string[] {
    return ['nsenter', `--net=/proc/${this.#holder.pid}/ns/net`, '--'];
  }

  get bpfilter(): string {
    return path.join(this.folder, 'dist', 'bpfilter');
  }

  get environment(): Readonly<Record<string, string>> {
    const base = path.join(this.folder, 'base');
    return { BPFILTER_BASE: base, XTABLES_LOCKFILE: path.join(base, 'xtables.lock') };
  }

  /** The state folder of this namespace; it is there once a shim ran. */
  get stateFolder(): string {
    const base = path.join(this.folder, 'base');
    const [name] = fs.readdirSync(base).filter((entry) => /-\d+$/.test(entry));
    if (name === undefined) throw new Error(`no state folder in ${base}`);
    return path.join(base, name);
  }

  get log(): string {
    return fs.readFileSync(path.join(this.stateFolder, 'log'), 'utf8');
  }

  /** Runs a command in the network, not served. */
  run(...command: readonly string[]): Ran {
    return runCommand([...this.inside, ...command], { folder: path.join(this.folder, 'base') });
  }

  /** Runs a command line by `bpfilter run`, in a shim of its own. */
  served(line: string, env: Readonly<Record<string, string>> = {}): Ran {
    return runCommand([...this.inside, this.bpfilter, 'run', '--', 'sh', '-c', line], {
      folder: path.join(this.folder, 'base'),
      env,
    });
  }

  /** Another program's table, with hooks of its own; returns a function that tells whether it still is as it was. */
  foreignTable(): () => boolean {
    const commands = [
      'table inet foreign',
      'set inet foreign known { type ipv4_addr; elements = { 10.0.0.1 } ; }',
      'chain inet foreign input { type filter hook input priority 5; policy accept; }',
      'rule inet foreign input udp dport 65000 drop',
      'table ip filter',
      'chain ip filter INPUT { type filter hook input priority 6; policy accept; }',
    ];
    for (const command of commands) {
      const { status, stderr } = this.run('nft', `add ${command}`);
      if (status !== 0) throw new Error(`nft add ${command}: ${stderr}`);
    }
    const show = () =>
      ['inet foreign', 'ip filter'].map(
        (name) => this.run('nft', '-s', '-a', ...`list table ${name}`.split(' ')).stdout,
      );
    const before = show().join();
    return () => show().join() === before;
  }

  /** A shell below a shim of its own, to give one command after another. */
  async shell(env: Readonly<Record<string, string>> = {}): Promise<ServedShell> {
    const shell = new ServedShell([...this.inside, this.bpfilter, 'run', '--', 'sh'], { ...this.environment, ...env });
    this.#shells.push(shell);
    await shell.ready();
    return shell;
  }

  async traffic(ports: Readonly<Record<string, number>>): Promise<Traffic> {
    const traffic = new Traffic(this.inside, ports);
    this.#streams.push(traffic);
    await traffic.ready();
    return traffic;
  }

  async close(): Promise<void> {
    for (const traffic of this.#streams) await traffic.close();
    for (const shell of this.#shells) await shell.close();
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, 'exit');
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}
