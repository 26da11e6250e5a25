/**
 * `make conformance`: iptables' own extension tests natively and through the shim, summed up. With
 * --no-xt the shim does without the kernel's own xt extensions. Other arguments are the files to run
 * (`libxt_tcp.t`). Ends with 1 when a line differs that isn't documented, or a documented one doesn't.
 */
import { missing } from '../harness/ways.ts';
import { knownDifferences, unexpected } from './differences.ts';
import { runTests, testFiles } from './run-both.ts';
import { iptablesTests } from './source.ts';
import { countsOf, differenceLines, summaryTable } from './summary.ts';

const options = process.argv.slice(2);
const noXt = options.includes('--no-xt');
const wanted = options.filter((option) => !option.startsWith('--'));

async function main(): Promise<number> {
  const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');
  const source = reason === undefined ? iptablesTests() : { problem: reason };
  if ('problem' in source) {
    console.log(`not run: ${source.problem}`);
    return 0;
  }
  const files = testFiles(source.folder).filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  const outcomes = await runTests(files, noXt ? { BPFILTER_XT: 'no' } : {});
  console.log(summaryTable(outcomes));
  console.log(`\n${['otherwise than natively:', ...differenceLines(outcomes)].join('\n')}`);
  const { lines, natively, ours } = countsOf(outcomes);
  const known = wanted.length === 0 ? knownDifferences : [];
  const wrong = unexpected(outcomes, known, noXt ? 'without-xt' : 'with-xt');
  console.log(`\n${natively} of ${lines} lines are right natively, ${ours} of these through the shim`);
  if (wrong.length > 0) console.log(`\nnot as documented (tests/conformance/differences.ts):\n${wrong.join('\n')}`);
  return wrong.length === 0 ? 0 : 1;
}

process.exitCode = await main();
