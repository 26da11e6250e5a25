import type { BothResults } from './both-ways.ts';
import { type PacketCase, table } from './case.ts';
import type { Sent } from './packet.ts';

/** Which of its packets a rule takes: the test of a rule that should tell packets apart must show it. */
type Takes = 'some' | 'all' | 'none';

export interface MatchCase extends PacketCase {
  readonly takes: Takes;
}

/**
 * A rule's tests (e.g. `-p tcp ! --dport 80`) in three chains: forwarded packets that match are
 * dropped, packets to the host are let in only when they match, the host's own are counted.
 */
export function matching(tests: string, packets: readonly Sent[], takes: Takes = 'some'): MatchCase {
  const rules = [`-A FORWARD ${tests} -j DROP`, `-A INPUT ${tests} -j ACCEPT`, `-A OUTPUT ${tests}`];
  return { title: tests, takes, steps: [{ restore: table('filter', rules, ['INPUT']) }, { send: packets }] };
}

/** What the rule in FORWARD took of the packets that came by it, told from the counters of rule and policy. */
export function taken({ native }: BothResults): Takes {
  const [rule, policy] = ['-A FORWARD', ':FORWARD'].map((start) => packetsOf(native.saved, start));
  if (rule === undefined || policy === undefined || rule + policy === 0) return 'none';
  if (rule === 0) return 'none';
  return policy === 0 ? 'all' : 'some';
}

function packetsOf(saved: string, start: string): number | undefined {
  const line = saved.split('\n').find((one) => one.includes(start));
  const count = line?.match(/\[(\d+):/)?.[1];
  return count === undefined ? undefined : Number(count);
}
