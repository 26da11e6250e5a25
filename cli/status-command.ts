import { askShim, runningShims } from '../kern-shim/control/client.ts';
import { ownStateFolder, withOwnModule } from '../kern-shim/local.ts';
import { readOwnText } from '../kern-shim/own-memory.ts';
import type { ServedStatus } from '../kern-shim/run/messages.ts';
import { asErrno, errnoName } from '../protocol/errno.ts';
import { BpfilterError } from '../protocol/error.ts';
import { ownOptions } from '../protocol/mbox.ts';
import { exitStatus } from './exit-status.ts';
import type { ShimFiles } from './files.ts';
import { sayOut } from './say.ts';

interface ShimStatus {
  readonly pid: number;
  readonly served: readonly ServedStatus[];
}

/** `bpfilter status`: what runs in this network namespace and what is in force. */
export async function statusCommand(json: boolean, files: ShimFiles): Promise<number> {
  const shims: ShimStatus[] = [];
  for (const { pid, path } of await runningShims(ownStateFolder())) {
    shims.push({ pid, served: (await askShim(path, 'status')) as readonly ServedStatus[] });
  }
  const own = await withOwnModule({ ...files, verboseFd: undefined }, ({ module, folder, log }) => {
    const text = readOwnText(module, ownOptions.STATUS);
    if (typeof text === 'number') {
      throw new BpfilterError('driver', `the driver answers ${errnoName(-text)} (see ${log.path})`, {
        errno: asErrno(-text),
      });
    }
    return { folder, log: log.path, driver: JSON.parse(text) as unknown };
  });
  const status = { state: own.folder, log: own.log, driver: own.driver, shims };
  sayOut(json ? `${JSON.stringify(status, undefined, 2)}\n` : forPeople(status));
  return exitStatus.done;
}

function forPeople(status: { state: string; log: string; driver: unknown; shims: readonly ShimStatus[] }): string {
  const lines = [`state    ${status.state}`, `log      ${status.log}`];
  for (const { pid, served } of status.shims) {
    const own = served.find((one) => one.own);
    const driver = own?.pid === undefined ? 'no driver' : `driver ${own.pid}`;
    const behind = own?.standby === undefined ? '' : `, standby ${own.standby}`;
    lines.push(
      `shim     ${pid}: ${driver}${behind}, ${own?.restarts ?? 0} restarts, ${own?.requests ?? 0} requests, ${own?.failures ?? 0} failures`,
    );
    if (own?.problem !== undefined) lines.push(`         ${own.problem}`);
  }
  if (status.shims.length === 0) lines.push('shim     none runs here');
  const way = transportOf(status.driver);
  if (way !== undefined) lines.push(`nftables ${way}`);
  for (const table of tablesOf(status.driver)) lines.push(`table    ${table}`);
  return `${lines.join('\n')}\n`;
}

/** How rules get there, and why so. */
function transportOf(driver: unknown): string | undefined {
  if (typeof driver !== 'object' || driver === null || !('transport' in driver)) return undefined;
  const { name, reason } = driver.transport as { readonly name: string; readonly reason: string };
  return `by ${name === 'exec' ? 'the nft program' : name}: ${reason}`;
}

/** nft unless told otherwise: then what it is, and why. */
function carriedBy(carrier: unknown): string {
  if (typeof carrier !== 'object' || carrier === null) return '';
  const { name, reason } = carrier as { readonly name: string; readonly reason: string };
  if (name === 'bpf') return `, by BPF: ${reason}`;
  return reason === 'asked for' ? '' : `, by nft: ${reason}`;
}

function tablesOf(driver: unknown): string[] {
  if (typeof driver !== 'object' || driver === null || !('tables' in driver) || !Array.isArray(driver.tables))
    return [];
  return driver.tables.map((table: Record<string, unknown>) => {
    const place =
      table.inForce === true
        ? `in force as nft table ${String(table.nftTable)}${carriedBy(table.carrier)}`
        : 'empty, nothing installed';
    return `${String(table.name).padEnd(9)} generation ${String(table.generation)}, ${String(table.rules)} rules, ${place}`;
  });
}
