import { describe, expect, it } from 'vitest';
import { missing, type Ran, titled, withFolder } from '../harness/ways.ts';
import { runNative, runServed } from '../run/way.ts';
import { countersOf, fixture, fixtureNames, sections, withCounters } from './fixture.ts';

const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables');

const divider = '=====';

/** Restores what stands on its input with its counters, saves it, restores that, saves again: prints both. */
const script = `set -e
cd "$BPFILTER_BASE"
iptables-legacy-restore -c
iptables-legacy-save -c > first
iptables-legacy-restore -c < first
cat first
echo ${divider}
iptables-legacy-save -c`;

/** Each way's two saved texts, without comments. */
function savedBy(run: typeof runServed, text: string) {
  const done: Ran = withFolder((folder) => run(script, { folder, input: text }));
  if (done.status !== 0) throw new Error(done.stderr);
  const [first = '', second = ''] = done.stdout.replace(/^#.*\n/gm, '').split(`${divider}\n`);
  return { first, second };
}

describe.skipIf(reason !== undefined)(titled('rulesets restored, saved, restored and saved', reason), () => {
  it.each(fixtureNames)('%s', (name) => {
    const text = withCounters(fixture(name));
    const native = savedBy(runNative, text);
    const ours = savedBy(runServed, text);
    expect(ours).toEqual(native);
    expect(ours.second).toBe(ours.first);
    expect(countersOf(ours.second)).toEqual(countersOf(text));
    expect(Object.keys(sections(ours.second))).toHaveLength(Object.keys(sections(text)).length);
  });
});
