import { withOwnModule } from '../kern-shim/local.ts';
import type { ShimFiles } from './files.ts';
import { listCommand } from './iptables/list-command.ts';
import { tableClientOf } from './own-tables.ts';
import { say } from './say.ts';

/** `bpfilter iptables …`: a driver of our own reads the tables of this network namespace. Returns iptables' exit status. */
export function iptablesCommand(argv: readonly string[], files: ShimFiles): Promise<number> {
  return withOwnModule({ ...files, verboseFd: undefined }, ({ module }) =>
    listCommand(argv, tableClientOf(module), { stdout: (text) => say(1, text), stderr: (text) => say(2, text) }),
  );
}
