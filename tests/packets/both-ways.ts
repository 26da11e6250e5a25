import { programCommand } from '../harness/program.ts';
import { bpfilter, missing, runCommand, withFolder } from '../harness/ways.ts';
import type { CaseResult, ChildOutput, PacketCase } from './case.ts';

/** Why packets can't be compared here; undefined where they can. */
export const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');

const child = new URL('./child.ts', import.meta.url);
const natively = ['unshare', '-n'];
/** A table of ours; with a target of the kernel's own in it, it may bear ip_tables' name. */
const ownTable = /^table ip (bpfilter_\w+|filter|nat|mangle|raw|security)$/m;
const supervised = ['unshare', '-n', bpfilter, 'run', '--'];

/** A case's results by the kernel's own ip_tables and by ours. */
export interface BothResults {
  readonly native: CaseResult;
  readonly ours: CaseResult;
}

/** What a case's own commands failed with natively: a test whose rules were refused tests nothing. */
export function refusals({ steps }: CaseResult): readonly string[] {
  return steps.flatMap((step) =>
    'status' in step && step.status !== 0 ? ['output' in step ? step.output : 'failed'] : [],
  );
}

/** Runs the cases in one namespace for each way, in order. Throws with the child's words when it fails. */
export function runBothWays(cases: readonly PacketCase[]): ReadonlyMap<string, BothResults> {
  const native = run(cases, natively);
  const ours = run(cases, supervised);
  return new Map(
    native.map((result, at) => {
      const other = ours[at];
      if (other === undefined) throw new Error(`${result.title}: no result`);
      return [result.title, { native: result, ours: other }];
    }),
  );
}

function run(cases: readonly PacketCase[], wrapper: readonly string[]): readonly CaseResult[] {
  return withFolder((folder) => {
    const done = runCommand([...wrapper, ...programCommand(child)], {
      folder,
      input: JSON.stringify(cases),
      timeoutMs: 240_000,
    });
    if (done.status !== 0) throw new Error(`${wrapper.join(' ')}: ${done.status ?? done.signal}: ${done.stderr}`);
    const { results, nftables } = JSON.parse(done.stdout) as ChildOutput;
    if (ownTable.test(nftables) !== (wrapper === supervised)) {
      throw new Error(`${wrapper.join(' ')}: the rules were carried by the wrong side; nft tables: ${nftables}`);
    }
    return results;
  });
}
