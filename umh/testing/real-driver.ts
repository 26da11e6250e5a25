import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { loaderProgram } from '../../protocol/driver-loader.ts';
import { ipv4, type TableName } from '../../protocol/family.ts';
import { composeCommand, OWN_LEVEL, ownOptions } from '../../protocol/mbox.ts';
import { encodeMemoryNote, memoryNoteSize } from '../../protocol/memory-note.ts';
import { xt_counters_info } from '../../protocol/x-tables.ts';
import { sendFd, socketpairSeqpacket } from '../../sys/fd-passing.ts';
import { addressOf, koffiPath } from '../../sys/koffi.ts';
import { pipe2 } from '../../sys/pipe.ts';

/** Bundles the driver as it is shipped, one CommonJS file, but without a code cache. */
export async function bundleDriver(folder: string): Promise<string> {
  const outfile = join(folder, 'bpfilter_umh.cjs');
  await build({
    entryPoints: [join(import.meta.dirname, '../main.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': 'undefined' },
    logLevel: 'warning',
    outfile,
  });
  return outfile;
}

/** A network namespace that lives as long as a process of ours in it. */
export class Namespace {
  readonly #holder: ChildProcess;

  constructor() {
    this.#holder = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up; exec sleep 600'], { stdio: 'ignore' });
    for (let tries = 0; tries < 200; tries++) {
      const comm = readFileSync(`/proc/${this.#holder.pid}/comm`, 'latin1');
      if (comm.startsWith('sleep')) return;
      spawnSync('sleep', ['0.01']);
    }
    throw new Error('no namespace');
  }

  command(args: readonly string[]): string[] {
    return ['nsenter', '-t', String(this.#holder.pid), '-n', ...args];
  }

  run(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const [program = '', ...rest] = this.command(args);
    return spawnSync(program, rest, { encoding: 'utf8' });
  }

  close(): void {
    this.#holder.kill('SIGKILL');
  }
}

export interface RealDriverOptions {
  readonly bundle: string;
  readonly folder: string;
  readonly namespace: Namespace;
  readonly client?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The bundled driver as a process, and the shim's end of its pipes. We are the caller ourselves. */
export class RealDriver {
  readonly #toDriver: number;
  readonly #fromDriver: number;
  readonly #socket: number;
  #isClosed = false;
  readonly process: ChildProcess;
  /** What the messages say of who asks: true unless a test lies. */
  callerPid = process.pid;
  /** Which request of the shim's is sent. */
  sequence = 0n;
  readonly #request = Buffer.alloc(24);
  readonly #reply = Buffer.alloc(4);

  constructor({ bundle, folder, namespace, client = 'aa', environment = {} }: RealDriverOptions) {
    const [requests, replies] = [pipe2(), pipe2()];
    const [ours, theirs] = socketpairSeqpacket();
    const image = openSync(bundle, 'r');
    const log = openSync(join(folder, 'log'), 'a');
    const node = [process.execPath, '-e', loaderProgram, '/proc/self/fd/3'];
    const [program = '', ...args] = namespace.command(node);
    // As the tests are told to, unless one wants a certain one.
    const { BPFILTER_TRANSPORT: transport } = process.env;
    this.process = spawn(program, args, {
      stdio: [requests.read, replies.write, log, image, theirs],
      env: {
        PATH: process.env.PATH,
        BPFILTER_STATE: folder,
        BPFILTER_CLIENT: client,
        BPFILTER_KOFFI: koffiPath(),
        ...(transport === undefined ? {} : { BPFILTER_TRANSPORT: transport }),
        ...environment,
      },
    });
    for (const descriptor of [requests.read, replies.write, theirs, image, log]) closeSync(descriptor);
    this.#toDriver = requests.write;
    this.#fromDriver = replies.read;
    this.#socket = ours;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Sends one message; `memory`: with the descriptor of our memory. */
  send(cmd: number, isSet: boolean, argument: Uint8Array | undefined, length = argument?.length ?? 0): void {
    const address = argument === undefined || argument.length === 0 ? 0n : addressOf(argument);
    this.#request.writeBigUInt64LE(address, 0);
    this.#request.writeUInt32LE(length, 8);
    this.#request.writeUInt32LE(isSet ? 1 : 0, 12);
    this.#request.writeUInt32LE(cmd, 16);
    this.#request.writeUInt32LE(this.callerPid, 20);
    if (argument !== undefined) {
      const memory = openSync('/proc/self/mem', 'r+');
      const note = Buffer.alloc(memoryNoteSize);
      encodeMemoryNote(note, { readable: argument.length, writable: argument.length, sequence: this.sequence });
      sendFd(this.#socket, memory, note);
      closeSync(memory);
    }
    writeSync(this.#toDriver, this.#request);
  }

  /** Waits for the answer; undefined when the driver died instead. */
  receive(): number | undefined {
    return readSync(this.#fromDriver, this.#reply) === 4 ? this.#reply.readInt32LE(0) : undefined;
  }

  ask(cmd: number, isSet: boolean, argument?: Uint8Array, length?: number): number | undefined {
    this.send(cmd, isSet, argument, length);
    return this.receive();
  }

  info(table: string): { status: number | undefined; entries: number; size: number } {
    const argument = Buffer.alloc(ipv4.getinfo.size);
    argument.write(table);
    const status = this.ask(composeCommand(0, ipv4.get.info), false, argument);
    const { num_entries: entries, size } = ipv4.getinfo.read(argument);
    return { status, entries, size };
  }

  /** Status, and packets of each entry. */
  packets(table: TableName): { status: number | undefined; packets: bigint[] } {
    const { size } = this.info(table);
    const head = ipv4.getEntries.size;
    const argument = Buffer.alloc(head + size);
    ipv4.getEntries.write({ name: table, size }, argument);
    const status = this.ask(composeCommand(0, ipv4.get.entries), false, argument);
    const packets: bigint[] = [];
    for (let at = head; status === 0 && at < argument.length; at += argument.readUInt16LE(at + 90)) {
      packets.push(argument.readBigUInt64LE(at + 96));
    }
    return { status, packets };
  }

  /** A replace whose old counters land in `old`, 16 bytes an entry. */
  sendReplace(blob: Uint8Array, old: Uint8Array, replay = false): Uint8Array {
    const argument = Buffer.from(blob);
    argument.writeUInt32LE(old.length / 16, ipv4.replace.offsets.num_counters);
    argument.writeBigUInt64LE(addressOf(old), ipv4.replace.offsets.counters);
    this.send(composeCommand(0, ipv4.set.replace, replay), true, argument);
    return argument;
  }

  replace(blob: Uint8Array, old: Uint8Array): number | undefined {
    this.sendReplace(blob, old);
    return this.receive();
  }

  add(table: string, counters: readonly bigint[], replay = false): number | undefined {
    const argument = Buffer.alloc(xt_counters_info.size + 16 * counters.length);
    xt_counters_info.write({ name: table, num_counters: counters.length }, argument);
    for (const [i, packets] of counters.entries()) argument.writeBigUInt64LE(packets, xt_counters_info.size + 16 * i);
    return this.ask(composeCommand(0, ipv4.set.addCounters, replay), true, argument);
  }

  own(option: keyof typeof ownOptions): { status: number | undefined; text: string } {
    const room = option === 'RESET' ? undefined : Buffer.alloc(65536);
    const status = this.ask(composeCommand(OWN_LEVEL, ownOptions[option]), option === 'RESET', room);
    return { status, text: room?.toString('latin1', 0, Math.max(0, status ?? 0)) ?? '' };
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal);
  }

  /** Closes the request pipe: a healthy driver ends. The second time nothing happens. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const descriptor of [this.#toDriver, this.#fromDriver, this.#socket]) closeSync(descriptor);
  }
}
