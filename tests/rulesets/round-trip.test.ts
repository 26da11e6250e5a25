import { describe, expect, it } from 'vitest';
import { driverLogBelow } from '../harness/driver-log.ts';
import { netlinkOnly, skipNetlinkOnly } from '../harness/netlink-only.ts';
import { missing, titled, withFolder } from '../harness/ways.ts';
import { runNative, runServed } from '../run/way.ts';
import { countersOf, fixture, fixtureNames, sections, withCounters } from './fixture.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy', 'kernel ip_tables');

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
  return withFolder((folder) => {
    const { status, stdout, stderr } = run(script, { folder, input: text });
    const refused = netlinkOnly(driverLogBelow(folder));
    if (status !== 0 && refused === undefined) throw new Error(stderr);
    const [first = '', second = ''] = stdout.replace(/^#.*\n/gm, '').split(`${divider}\n`);
    return { first, second, refused };
  });
}

describe.skipIf(reason !== undefined)(titled('rulesets restored, saved, restored and saved', reason), () => {
  it.for(fixtureNames)('%s', (name, context) => {
    const text = withCounters(fixture(name));
    const native = savedBy(runNative, text);
    const ours = savedBy(runServed, text);
    skipNetlinkOnly(context, ours.refused);
    expect(ours).toEqual(native);
    expect(ours.second).toBe(ours.first);
    expect(countersOf(ours.second)).toEqual(countersOf(text));
    expect(Object.keys(sections(ours.second))).toHaveLength(Object.keys(sections(text)).length);
  });
});
