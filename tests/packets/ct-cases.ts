import { table } from './case.ts';
import { listing, type NatCase, stateFilter, tracked } from './nat-case.ts';
import type { Sent } from './packet.ts';
import { mixedProbes, through } from './probes.ts';

/** Rules of raw, and what each state's rules count behind them. */
function rawCase(
  title: string,
  rules: readonly string[],
  made: NatCase['made'],
  send: readonly Sent[] = tracked,
): NatCase {
  return {
    title,
    made,
    steps: [{ restore: table('raw', rules) + stateFilter }, { send }, { run: listing }],
  };
}

const everywhere = (rule: string): readonly string[] => ['PREROUTING', 'OUTPUT'].map((chain) => `-A ${chain} ${rule}`);

export const ctCases: readonly NatCase[] = [
  rawCase('CT --notrack', everywhere('-p udp -j CT --notrack'), ['dport=80']),
  rawCase('NOTRACK', everywhere('-p tcp -j NOTRACK'), ['dport=53']),
  rawCase('CT --zone', everywhere('-p udp -j CT --zone 7'), ['zone=7', 'dport=80']),
  rawCase(
    'CT --zone by device',
    ['-A PREROUTING -i left -j CT --zone 7', '-A PREROUTING -i right -j CT --zone 8'],
    ['zone=7'],
  ),
  rawCase('CT --zone-orig', ['-A PREROUTING -i left -j CT --zone-orig 7'], ['zone-orig=7', 'ASSURED']),
  rawCase('CT --zone-reply', everywhere('-j CT --zone-reply 9'), ['zone-reply=9']),
  rawCase('CT alone', everywhere('-j CT'), ['dport=80', 'dport=53']),
  rawCase(
    'the first CT decides',
    [
      ...everywhere('-p udp -j CT --notrack'),
      ...everywhere('-j CT --zone 5'),
      ...everywhere('-p tcp -j NOTRACK'),
      ...everywhere('-j CT --zone 6'),
      ...everywhere('-p icmp'),
    ],
    ['zone=5'],
  ),
  rawCase(
    'CT takes the packet on',
    [':user', ...everywhere('-j user'), '-A user -j CT --zone 3', '-A user -p tcp', ...everywhere('-p udp')],
    ['zone=3'],
  ),
];

const ctXtCases: readonly NatCase[] = [
  rawCase('CT --zone mark', everywhere('-p udp -j CT --zone mark'), ['dport=53']),
  rawCase('CT --helper', everywhere('-p tcp -m tcp --dport 80 -j CT --helper ftp --zone 4'), ['zone=4']),
  rawCase('CT --ctevents', everywhere('-j CT --ctevents new,destroy --expevents new'), ['dport=53']),
];

const traceCases: readonly NatCase[] = [
  rawCase('TRACE', everywhere('-p tcp -j TRACE'), ['dport=80'], through(mixedProbes.slice(0, 3))),
];

export const rawTargetCases: readonly NatCase[] = [...ctCases, ...ctXtCases, ...traceCases];
