import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { compileTable } from '../../rules/bpf/compile.ts';
import type { CounterPlace } from '../../rules/bpf/document.ts';
import type { Counters, HookNumber, Table } from '../../rules/ir.ts';
import { mapById } from '../../sys/bpf/map-info.ts';
import { SK_BUFF_CONTEXT_SIZE, testRun } from '../../sys/bpf/testing/test-run.ts';
import { createBpfLoader } from '../../umh/dataplane/bpf/loader.ts';
import { programCommand } from '../harness/program.ts';
import { withEthernet } from './ethernet.ts';
import type { Seen } from './judge.ts';
import { viewOf } from './tables.ts';

const loader = createBpfLoader({ mapById });

/** Why BPF can't be used here; undefined when it can. */
export const bpfMissing: string | undefined = loader.problem();

/** struct __sk_buff (linux/bpf.h). */
const MARK = 8;

/** PACKET_HOST, PACKET_MULTICAST, PACKET_OTHERHOST (linux/if_packet.h): what a frame can be on the loopback device. */
export const packetTypes = [0, 2, 3] as const;

/** Where packets of a test run come from; they are on their way to no device. */
export const inDevice = 'lo';

/**
 * A table in the kernel at some of its hooks, to be run on packets that exist only for that; the one loaded before is
 * gone.
 */
export class LoadedTable {
  readonly #place: CounterPlace;
  readonly #programs: ReadonlyMap<number, number>;

  constructor(table: Table, hooks: ReadonlySet<HookNumber>) {
    const view = viewOf(table);
    const image = compileTable(view, { counterOf: (entry) => entry });
    // each program is some milliseconds to the verifier
    const some = { ...image, hooks: image.hooks.filter((hook) => hooks.has(hook as HookNumber)) };
    this.#place = loader.createCounters(0, view.offsets.length);
    this.#programs = new Map(loader.load(some, this.#place).map(({ hook, program }) => [hook, program]));
  }

  /** Whether the packet is accepted. */
  run(hook: HookNumber, { bytes, mark, packetType }: Omit<Seen, 'inName' | 'outName'>): boolean {
    const context = Buffer.alloc(SK_BUFF_CONTEXT_SIZE);
    context.writeUInt32LE(mark, MARK);
    const program = this.#programs.get(hook) ?? -1;
    return testRun(program, { data: withEthernet(bytes, packetType), context }).retval === 1;
  }

  /** Runs it on the packet so many times in each of some processes at once. */
  async runAtOnce(hook: HookNumber, bytes: Buffer, processes: number, times: number): Promise<void> {
    const [node = '', ...args] = [...programCommand(often), String(times), withEthernet(bytes, 0).toString('hex')];
    const program = this.#programs.get(hook) ?? -1;
    const ended = Array.from({ length: processes }, async () => {
      const stdio = ['ignore', 'ignore', 'inherit', program] as const;
      const [status] = await once(spawn(node, args, { stdio: [...stdio] }), 'exit');
      if (status !== 0) throw new Error(`${often}: status ${status}`);
    });
    await Promise.all(ended);
  }

  /** What each rule counted, by its index; none where that is nothing. */
  counters(): ReadonlyMap<number, Counters> {
    return new Map(loader.readCounters(this.#place));
  }
}

const often = new URL('./run-often.ts', import.meta.url);
