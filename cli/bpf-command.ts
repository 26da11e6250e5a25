import { withOwnModule } from '../kern-shim/local.ts';
import { BpfilterError } from '../protocol/error.ts';
import { isTableName } from '../protocol/family.ts';
import { hooks } from '../protocol/x-tables.ts';
import { compileTable } from '../rules/bpf/compile.ts';
import { describeImage } from '../rules/bpf/describe.ts';
import { disassemble } from '../rules/bpf/disassemble.ts';
import { assemble } from '../rules/bpf/encode.ts';
import { machineMaps } from '../rules/bpf/machine-frame.ts';
import { hookProgram } from '../rules/bpf/program.ts';
import { ticksPerSecond } from '../sys/clock-resolution.ts';
import { creditsPerTick } from '../umh/dataplane/bpf/credits-per-tick.ts';
import { readKernelOffsets } from '../umh/dataplane/bpf/kernel-offsets.ts';
import { ownNamespace } from '../umh/dataplane/bpf/own-namespace.ts';
import { exitStatus } from './exit-status.ts';
import type { ShimFiles } from './files.ts';
import { openTable } from './iptables/open-table.ts';
import { tableClientOf } from './own-tables.ts';
import { sayOut } from './say.ts';

export interface BpfOptions {
  readonly table: string;
  /** A built-in chain whose program is wanted; the records otherwise. */
  readonly program: string | undefined;
}

/** Names for descriptors that no kernel has given. */
const maps = { [machineMaps.records]: 0, [machineMaps.counters]: 1 };

/**
 * `bpfilter bpf`: the table as BPF carries it, or would. Its counters are told by the entry of the table they belong to.
 * Throws `not-expressible` with the rule for a table that BPF can't carry.
 */
export function bpfCommand({ table, program }: BpfOptions, files: ShimFiles): Promise<number> {
  if (!isTableName(table)) throw new BpfilterError('no-such-table', `no table "${table}"`);
  return withOwnModule({ ...files, verboseFd: undefined }, async ({ module }) => {
    const view = await openTable(table, tableClientOf(module));
    const image = compileTable(view, { counterOf: (entry) => entry });
    if (program === undefined) {
      sayOut(`${describeImage(image).join('\n')}\n`);
      return exitStatus.done;
    }
    const hook = Object.entries(hooks).find(([name]) => name === program)?.[1];
    if (hook === undefined || !image.hooks.includes(hook))
      throw new BpfilterError('usage', `table ${table} has no built-in chain ${program}`);
    const code = hookProgram(image, {
      hook,
      counters: view.offsets.length,
      processors: 1,
      kernel: { offsets: readKernelOffsets, creditsPerTick, ticksPerSecond, namespace: ownNamespace },
    });
    const names = new Map(Object.entries(maps).map(([name, fd]) => [fd, name]));
    sayOut(`${disassemble(assemble(code, { maps }), { maps: names }).join('\n')}\n`);
    return exitStatus.done;
  });
}
