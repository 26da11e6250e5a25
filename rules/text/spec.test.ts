import { describe, expect, it } from 'vitest';
import type { Rule, TargetUse } from '../ir.ts';
import { noNames } from './no-names.ts';
import { row } from './row.ts';
import { ruleText, specText } from './spec.ts';
import { interfaceNamed, ruleWith } from './testing/rule.ts';

const none = new Uint8Array();
const unknown = { name: 'nosuch', revision: 0, data: new Uint8Array(8) };
const otherRevision = { name: 'tcp', revision: 9, data: new Uint8Array(16) };
const target = (name: string, revision: number, data = none): TargetUse => ({
  kind: 'extension',
  name,
  revision,
  data,
});

const cases: readonly {
  readonly title: string;
  readonly rule: Rule;
  readonly saved: string;
  readonly listed: string;
}[] = [
  {
    title: 'nothing',
    rule: ruleWith({ target: { kind: 'continue' } }),
    saved: '',
    listed: '           all  --  anywhere             anywhere            \n',
  },
  {
    title: 'a verdict',
    rule: ruleWith({}),
    saved: ' -j DROP',
    listed: 'DROP       all  --  anywhere             anywhere            \n',
  },
  {
    title: 'everything of the header',
    rule: ruleWith({
      header: {
        source: 0x7f000001,
        sourceMask: 0xffffffff,
        destination: 0,
        destinationMask: 0,
        inInterface: interfaceNamed('lo'),
        outInterface: interfaceNamed('eth+'),
        protocol: 17,
        flags: 1,
        inverted: 0x7b,
      },
    }),
    saved: ' ! -s 127.0.0.1/32 ! -d 0.0.0.0/0 ! -i lo ! -o eth+ ! -p udp ! -f -j DROP',
    listed: 'DROP      !udp  !f !127.0.0.1           !anywhere            \n',
  },
  {
    title: 'a protocol without name',
    rule: ruleWith({ header: { protocol: 200 } }),
    saved: ' -p 200 -j DROP',
    listed: 'DROP       200  --  anywhere             anywhere            \n',
  },
  {
    title: 'a protocol past 255',
    rule: ruleWith({ header: { protocol: 262 } }),
    saved: ' -p 262 -j DROP',
    listed: 'DROP       tcp  --  anywhere             anywhere            \n',
  },
  {
    title: 'goto on a verdict',
    rule: ruleWith({ header: { flags: 2 } }),
    saved: ' -g DROP',
    listed: 'DROP       all  --  anywhere             anywhere            [goto] \n',
  },
  {
    title: 'an unknown match',
    rule: ruleWith({ matches: [unknown] }),
    saved: ' -m nosuch [8 bytes] -j DROP',
    listed: "DROP       all  --  anywhere             anywhere            UNKNOWN match `nosuch' \n",
  },
  {
    title: 'an unknown revision of a match',
    rule: ruleWith({ matches: [otherRevision] }),
    saved: ' -m tcp [unsupported revision] -j DROP',
    listed: 'DROP       all  --  anywhere             anywhere            tcp [unsupported revision] \n',
  },
  {
    title: 'a match cut short',
    rule: ruleWith({ matches: [{ name: 'tcp', revision: 0, data: new Uint8Array(4) }] }),
    saved: ' -m tcp [unsupported revision] -j DROP',
    listed: 'DROP       all  --  anywhere             anywhere            tcp [unsupported revision] \n',
  },
  {
    title: 'an unknown target',
    rule: ruleWith({ target: target('NOSUCH', 0, new Uint8Array(24)) }),
    saved: ' -j NOSUCH [24 bytes]',
    listed: 'NOSUCH     all  --  anywhere             anywhere            [24 bytes of unknown target data] \n',
  },
  {
    title: 'an unknown target without data',
    rule: ruleWith({ target: target('NOSUCH', 0) }),
    saved: ' -j NOSUCH',
    listed: 'NOSUCH     all  --  anywhere             anywhere            \n',
  },
  {
    title: 'an unknown revision of a target',
    rule: ruleWith({ target: target('MARK', 7) }),
    saved: ' -j MARK [unsupported revision]',
    listed: 'MARK       all  --  anywhere             anywhere             MARK [unsupported revision]\n',
  },
];

describe('a rule', () => {
  it.each(cases)('with $title', ({ rule, saved, listed }) => {
    expect(specText(rule)).toBe(saved);
    expect(row(rule, 1, {}, noNames)).toBe(listed);
  });

  it('names its chain, and its table when that is given', () => {
    expect(ruleText(ruleWith({}), 'INPUT')).toBe('-A INPUT -j DROP');
    expect(ruleText(ruleWith({}), 'INPUT', 'raw')).toBe('-t raw -A INPUT -j DROP');
  });

  it('takes names of protocols from the system', () => {
    const names = { ...noNames, protocol: (number: number) => (number === 47 ? 'gre' : undefined) };
    expect(specText(ruleWith({ header: { protocol: 47 } }), { names })).toBe(' -p gre -j DROP');
    expect(row(ruleWith({ header: { protocol: 47 } }), 1, { numeric: true }, names)).toContain(' 47   --');
  });
});
