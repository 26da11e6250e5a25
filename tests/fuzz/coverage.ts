/** Runs recorded inputs (a file of JSON: `RecordedInput[]`) and prints which branches of the validator they take. */
import { readFileSync } from 'node:fs';
import { type Branches, watchBranches } from './branches.ts';
import type { RecordedInput } from './session.ts';

const root = new URL('../../', import.meta.url).pathname;
/** What stands between a caller's bytes and a table. */
const validator = /^rules\/blob\/(?!encode|empty)[^/]+\.ts$/;
const extensions = /^rules\/(matches|targets)\/[^/]+\.ts$/;
/** What the type checker wants behind an index that is within bounds: nothing can get there. */
const fallback = /^\?\?/;

const branches = watchBranches();
// Loaded only now, so that they are counted.
const { examineBlob, examineStruct } = await import('./oracle.ts');
const { structInput } = await import('./inputs.ts');
const { randomFrom } = await import('../harness/random.ts');

/** At an odd address. */
const shifted = new Uint8Array((1 << 20) + 1).subarray(1);
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));
for (const input of JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly RecordedInput[]) {
  if (input.kind === 'struct') {
    const { known, data, context } = structInput(randomFrom(input.seed));
    examineStruct(known, data, context);
    continue;
  }
  const { previous: before, claimed } = input;
  const previous = before === undefined ? undefined : examineBlob(bytesOf(before), { deep: true }).accepted;
  examineBlob(bytesOf(input.hex), { previous, deep: true, claimed });
  shifted.set(bytesOf(input.hex).subarray(0, shifted.length));
  examineBlob(shifted.subarray(0, input.hex.length / 2), { previous, deep: false });
}

const relative = (file: string): string => (file.startsWith(root) ? file.slice(root.length) : file);
function tell(what: string, { all, run, missed }: Branches): readonly Branches['missed'][number][] {
  const real = missed.filter(({ text }) => !fallback.test(text));
  const reachable = run + real.length;
  const percent = ((100 * run) / reachable).toFixed(1);
  console.log(
    `${what}: ${run} of ${reachable} branches (${percent} %), ${all - reachable} fallbacks of types not counted`,
  );
  return real;
}
const missed = tell(
  'validator (rules/blob)',
  branches((file) => validator.test(relative(file))),
);
for (const { file, text } of missed) {
  console.log(`  not taken: ${relative(file)}: ${text.replaceAll(/\s+/g, ' ').slice(0, 100)}`);
}
tell(
  'extensions (rules/matches, rules/targets)',
  branches((file) => extensions.test(relative(file))),
);
