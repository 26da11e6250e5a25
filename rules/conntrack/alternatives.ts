import type { NftMatch } from '../extension.ts';
import type { HeaderMatch } from '../ir.ts';
import type { NftStatement } from '../nft/json.ts';
import { addressTest } from './address.ts';
import { expiresTest } from './expires.ts';
import { type ConntrackInfo, conntrackFlag, endpoints } from './info.ts';
import { protocolTests } from './ports.ts';
import { absentStates, type CtState, conntrackState, presentStates, stateIn } from './state.ts';
import { conntrackStatus, statusHas } from './status.ts';
import { portsText } from './text.ts';

type Conjunction = readonly NftStatement[];

/**
 * A conntrack match in nft (xt_conntrack.c, conntrack_mt). The kernel lets packets without an entry
 * (invalid, untracked) pass on their state alone: all other options are for packets that have one,
 * and a match without `--ctstate` never takes the others. Every nft `ct` key but `state` fails for
 * packets without an entry, so only tests of the state need to tell the two apart.
 */
export function conntrackAlternatives(info: ConntrackInfo, header: HeaderMatch): NftMatch {
  const { tests, unreadable } = entryTests(info, header);
  const possible = tests.includes(false) ? undefined : tests.filter((test) => typeof test === 'object');
  const alternatives =
    (info.matchFlags & conntrackFlag.state) === 0 ? withoutState(possible) : withState(info, possible);
  const comment = unreadable ? { comment: portsText(info, '').trim() } : {};
  return { alternatives: alternatives.length === 0 ? [[stateIn([])]] : alternatives, ...comment };
}

/** All options but the state. */
function entryTests(
  info: ConntrackInfo,
  header: HeaderMatch,
): { readonly tests: readonly (NftStatement | boolean)[]; readonly unreadable: boolean } {
  const { matchFlags, invertFlags } = info;
  const wanted = (flag: number): boolean => (matchFlags & flag) !== 0;
  const inverted = (flag: number): boolean => (invertFlags & flag) !== 0;
  const { direction, status, expires } = conntrackFlag;
  const { tests: protocol, unreadable } = protocolTests(info, header);
  return {
    unreadable,
    tests: [
      !wanted(direction) || {
        match: { op: '==', left: { ct: { key: 'direction' } }, right: inverted(direction) ? 'reply' : 'original' },
      },
      ...endpoints.map(
        (end) => !wanted(conntrackFlag[end]) || addressTest(end, info.addresses[end], inverted(conntrackFlag[end])),
      ),
      ...protocol,
      // NONE is no bit at all: the kernel asks for one of the mask's bits, so it never matches.
      !wanted(status) || (info.statuses === 0 ? inverted(status) : statusHas(info.statuses, !inverted(status))),
      !wanted(expires) || expiresTest(info.expires.min, info.expires.max, inverted(expires)),
    ],
  };
}

function withoutState(tests: Conjunction | undefined): readonly Conjunction[] {
  if (tests === undefined) return [];
  return [tests.length === 0 ? [stateIn(presentStates)] : tests];
}

/** The mask is one set over two of nft's keys, the state and (SNAT, DNAT) the status of the entry. */
function withState(
  { states: mask, invertFlags }: ConntrackInfo,
  tests: Conjunction | undefined,
): readonly Conjunction[] {
  const inverted = (invertFlags & conntrackFlag.state) !== 0;
  const wanted = (state: CtState): boolean => ((mask & conntrackState[state]) !== 0) !== inverted;
  const absent = absentStates.filter(wanted);
  const present = presentStates.filter(wanted);
  const nat =
    ((mask & conntrackState.snat) === 0 ? 0 : conntrackStatus.sourceNat) |
    ((mask & conntrackState.dnat) === 0 ? 0 : conntrackStatus.destinationNat);

  const byState = inverted && nat !== 0 ? tests && [statusHas(nat, false), ...tests] : tests;

  const found: Conjunction[] = [];
  if (byState?.length === 0) {
    const all = [...absent, ...present];
    if (all.length > 0) found.push([stateIn(all)]);
  } else {
    if (absent.length > 0) found.push([stateIn(absent)]);
    if (present.length > 0 && byState !== undefined) found.push([...onlyIn(present), ...byState]);
  }
  const rest = presentStates.filter((state) => !present.includes(state));
  if (!inverted && nat !== 0 && rest.length > 0 && tests !== undefined) {
    found.push([...onlyIn(rest), statusHas(nat, true), ...tests]);
  }
  return found;
}

/** A test of the state, where it isn't said by what follows: that there is an entry. */
function onlyIn(states: readonly CtState[]): Conjunction {
  return states.length === presentStates.length ? [] : [stateIn(states)];
}
