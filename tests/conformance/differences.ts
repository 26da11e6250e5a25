import type { LineOutcome } from './outcome.ts';

/**
 * Lines of iptables' own tests on which ours is not what the kernel's own ip_tables is, each with the
 * reason. A line that is listed and comes out alike fails the tests as well as one that isn't listed and
 * doesn't.
 */
export interface KnownDifference {
  /** `libxt_tcp.t:5` */
  readonly place: string;
  readonly reason: string;
}

export const knownDifferences: readonly KnownDifference[] = [];

/** Rules that no packet can match: nothing needs to stand in nftables for them, and nothing does. */
export const neverMatching: readonly KnownDifference[] = [
  { place: 'libipt_realm.t:2', reason: '0x1/0x2a: a bit that the mask takes away' },
  { place: 'libxt_dccp.t:22', reason: 'not of any type that there is' },
  { place: 'libxt_quota.t:2', reason: 'a quota of nothing' },
  { place: 'libxt_quota.t:5', reason: "behind a quota without end; without the kernel's own match only" },
];

/** The outcomes, where rules that can't match anything are right without standing in nftables. */
export function withoutIdle(
  outcomes: readonly LineOutcome[],
  idle: readonly KnownDifference[] = neverMatching,
): readonly LineOutcome[] {
  const places = new Set(idle.map(({ place }) => place));
  return outcomes.map((one) =>
    one.ours?.kind === 'idle' && places.has(one.place) ? { ...one, ours: undefined } : one,
  );
}

/**
 * What isn't as documented, in words; none when everything is. Without the kernel's own xt extensions any
 * line may be refused beside the listed ones, but nothing else.
 */
export function unexpected(
  outcomes: readonly LineOutcome[],
  known: readonly KnownDifference[],
  mode: 'with-xt' | 'without-xt' = 'with-xt',
): readonly string[] {
  const reasons = new Map(known.map((one) => [one.place, one.reason]));
  const wrong = outcomes.flatMap(({ place, ours }) => {
    if (ours?.kind === 'accepted') return [`${place}: ${ours.text}`];
    const reason = reasons.get(place);
    if (ours === undefined && reason !== undefined && mode === 'with-xt') {
      return [`${place}: is as natively by now, but listed: ${reason}`];
    }
    if (ours === undefined || reason !== undefined) return [];
    return mode === 'without-xt' && ours.kind === 'refused' ? [] : [`${place}: ${ours.text}`];
  });
  const places = new Set(outcomes.map(({ place }) => place));
  const gone = known.filter(({ place }) => !places.has(place)).map(({ place }) => `${place}: is listed, but no test`);
  return [...wrong, ...gone];
}
