import { describe, expect, it } from 'vitest';
import { encodeTable } from '../blob/encode.ts';
import { type BlobView, viewTable } from '../blob/view.ts';
import type { BuiltinChain, HookNumber, Rule, UserChain } from '../ir.ts';
import { entryDump } from './entry-dump.ts';
import { listing } from './listing.ts';
import type { ListingOptions } from './listing-options.ts';
import { noNames } from './no-names.ts';
import { savedListing } from './saved-listing.ts';
import { interfaceNamed, ruleWith } from './testing/rule.ts';

function builtin(name: string, hook: HookNumber, rules: readonly Rule[] = []): BuiltinChain {
  const counters = { packets: 100_000n, bytes: 9_999_500n };
  return { kind: 'builtin', name, hook, rules, policy: ruleWith({ target: { kind: 'accept' }, counters }) };
}

function user(name: string, rules: readonly Rule[] = []): UserChain {
  return { kind: 'user', name, rules, headIndex: 0, tail: ruleWith({ target: { kind: 'return' } }) };
}

function viewOf(input: readonly Rule[], users: readonly UserChain[] = []): BlobView {
  const chains = [builtin('INPUT', 1, input), builtin('FORWARD', 2), builtin('OUTPUT', 3), ...users];
  const encoded = encodeTable({ name: 'filter', chains });
  return viewTable('filter', encoded.entries, encoded);
}

const odd = ruleWith({
  header: {
    source: 0x0a000001,
    sourceMask: 0xffffffff,
    destination: 0x0a000000,
    destinationMask: 0xff000000,
    inInterface: interfaceNamed('eth+'),
    protocol: 6,
    flags: 2,
    inverted: 0x71,
  },
  target: { kind: 'goto', chain: 'B' },
  counters: { packets: 1n, bytes: 2n },
});

const table = viewOf(
  [odd, ruleWith({ target: { kind: 'jump', chain: 'B' } }), ruleWith({ target: { kind: 'continue' } })],
  [user('C'), user('B'), user('a')],
);

const heading = 'target     prot opt source               destination         \n';

describe('-L', () => {
  const cases: readonly { readonly title: string; readonly options: ListingOptions; readonly text: string }[] = [
    {
      title: 'one chain, numeric',
      options: { chain: 'INPUT', numeric: true },
      text: `Chain INPUT (policy ACCEPT)\n${heading}B         !6    !-  10.0.0.1            !10.0.0.0/8          [goto] \nB          0    --  0.0.0.0/0            0.0.0.0/0           \n           0    --  0.0.0.0/0            0.0.0.0/0           \n`,
    },
    { title: 'references', options: { chain: 'B' }, text: `Chain B (2 references)\n${heading}` },
    { title: 'no references', options: { chain: 'a' }, text: `Chain a (0 references)\n${heading}` },
    {
      title: 'one rule, verbose, numbered: no heading',
      options: { chain: 'INPUT', ruleNumber: 1, verbose: true, lineNumbers: true },
      text: '1        1     2 B         !tcp  !-  !eth+  any     10.0.0.1            !10.0.0.0/8          [goto] \n',
    },
    { title: 'a rule that is not there', options: { chain: 'INPUT', ruleNumber: 4 }, text: '' },
    { title: 'an unknown chain', options: { chain: 'nope' }, text: '' },
    {
      title: 'exact counters',
      options: { chain: 'OUTPUT', verbose: true, exact: true, numeric: true },
      text: 'Chain OUTPUT (policy ACCEPT 100000 packets, 9999500 bytes)\n    pkts      bytes target     prot opt in     out     source               destination         \n',
    },
    {
      title: 'rounded counters',
      options: { chain: 'OUTPUT', verbose: true },
      text: 'Chain OUTPUT (policy ACCEPT 100K packets, 10M bytes)\n pkts bytes target     prot opt in     out     source               destination         \n',
    },
  ];
  it.each(cases)('$title', ({ options, text }) => {
    expect(listing(table, options, noNames)).toBe(text);
  });

  it('sorts user chains by bytes and parts chains by an empty line', () => {
    const titles = listing(table, {}, noNames)
      .split('\n\n')
      .map((chain) => chain.split(' ')[1]);
    expect(titles).toEqual(['INPUT', 'FORWARD', 'OUTPUT', 'B', 'C', 'a']);
  });
});

describe('-S', () => {
  it('writes policies, chains and rules', () => {
    expect(savedListing(table, {}, noNames)).toBe(
      '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n-N B\n-N C\n-N a\n' +
        '-A INPUT -s 10.0.0.1/32 ! -d 10.0.0.0/8 ! -i eth+ ! -p tcp -g B\n-A INPUT -j B\n-A INPUT\n',
    );
  });

  it('puts counters before the target', () => {
    expect(savedListing(table, { chain: 'INPUT', verbose: true, ruleNumber: 2 }, noNames)).toBe(
      '-A INPUT -c 0 0 -j B\n',
    );
    expect(savedListing(table, { chain: 'OUTPUT', verbose: true }, noNames)).toBe(
      '-P OUTPUT ACCEPT -c 100000 9999500\n',
    );
  });
});

describe('-vv', () => {
  it('dumps every entry', () => {
    const dump = entryDump(viewOf([]));
    expect(dump).toContain("libiptc vlibxtables.so.12. 632 bytes.\nTable `filter'\n");
    expect(dump).toContain('Hooks: pre/in/fwd/out/post = ffffffff/0/98/130/ffffffff\n');
    expect(dump).toContain(
      "Counters: 100000 packets, 9999500 bytes\nCache: 00000000\nTarget name: `' [40]\nverdict=NF_ACCEPT\n\n",
    );
    expect(dump.endsWith("Target name: `ERROR' [64]\nerror=`ERROR'\n\n")).toBe(true);
  });
});
