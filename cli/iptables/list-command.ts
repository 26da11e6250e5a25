import { errno } from '../../protocol/errno.ts';
import { BpfilterError, errnoOf } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import type { Names } from '../../rules/extension.ts';
import { entryDump } from '../../rules/text/entry-dump.ts';
import { listing } from '../../rules/text/listing.ts';
import type { ListingOptions } from '../../rules/text/listing-options.ts';
import { noNames } from '../../rules/text/no-names.ts';
import { savedListing } from '../../rules/text/saved-listing.ts';
import { type Exit, exitStatus, program, versionProblem } from './exit.ts';
import { fileNames, printWithNames } from './names.ts';
import { openTable } from './open-table.ts';
import { type ListRequest, parse } from './parse.ts';
import { strerror } from './strerror.ts';
import type { TableClient } from './table-client.ts';

/** Where the command writes. Text that isn't plain ASCII comes as the bytes that iptables would write. */
export interface CommandOutput {
  stdout(text: string | Uint8Array): void;
  stderr(text: string | Uint8Array): void;
}

/**
 * `bpfilter iptables ARGV`: lists a table as iptables-legacy 1.8.9 does, its messages included, and
 * gives iptables' exit status. Throws nothing that the client throws as BpfilterError.
 */
export async function listCommand(argv: readonly string[], client: TableClient, io: CommandOutput): Promise<number> {
  // Names in a table are bytes: text is one char per byte in here, whatever the encoding outside.
  const request = parse(argv.map((word) => Buffer.from(word).toString('latin1')));
  if (request.kind === 'exit') return leave(request, io);
  if (request.notice !== '') io.stderr(request.notice);
  const view = await tableOf(request, client);
  if ('kind' in view) return leave(view, io);
  return leave(await answer(view, request), io);
}

async function tableOf(request: ListRequest, client: TableClient): Promise<BlobView | Exit> {
  try {
    return await openTable(request.table, client);
  } catch (error) {
    if (!(error instanceof BpfilterError)) throw error;
    const reason = strerror(errnoOf(error), 'init');
    return versionProblem(`can't initialize ${program.name} table \`${request.table}': ${reason}`);
  }
}

async function answer(view: BlobView, request: ListRequest): Promise<Exit> {
  const dump = request.verbose > 1 ? entryDump(view) : '';
  const stdout = (await listed(view, request)) + dump;
  const { chain } = request;
  if (chain === undefined || view.chains.some(({ name }) => name === chain)) {
    return { kind: 'exit', status: exitStatus.done, stdout };
  }
  const stderr = `${program.name}: ${strerror(errno.ENOENT, 'other')}.\n`;
  return { kind: 'exit', status: exitStatus.other, stdout, stderr };
}

async function listed(view: BlobView, request: ListRequest): Promise<string> {
  const { chain, ruleNumber, command, numeric, exact, lineNumbers } = request;
  const options: ListingOptions = {
    ...(chain === undefined ? {} : { chain }),
    ...(ruleNumber === undefined ? {} : { ruleNumber }),
    verbose: request.verbose > 0,
    numeric,
    exact,
    lineNumbers,
  };
  if (command === 'S') return savedListing(view, options, fileNames());
  const print = (names: Names): string => listing(view, options, names);
  return numeric ? print(noNames) : printWithNames(print);
}

function leave({ status, stdout, stderr }: Exit, io: CommandOutput): number {
  if (stdout !== undefined && stdout !== '') io.stdout(encoded(stdout));
  if (stderr !== undefined) io.stderr(encoded(stderr));
  return status;
}

function encoded(text: string): string | Uint8Array {
  return /[\u0080-\u00ff]/.test(text) ? Buffer.from(text, 'latin1') : text;
}
