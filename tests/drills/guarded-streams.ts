import type { Network } from './network.ts';
import type { ServedShell } from './served-shell.ts';
import { packetBytes, type Traffic } from './traffic.ts';

const ports = { dropped: 9001, control: 9002, marked: 9003 } as const;
const rules = [
  `-p udp -m udp --dport ${ports.dropped} -j DROP`,
  `-p udp -m udp --dport ${ports.marked} -m comment --comment marked -j ACCEPT`,
];

/**
 * Three streams through INPUT: one that a rule drops, one that a rule accepts and counts, and one
 * that falls through to the policy. (The policy's own counter tells nothing: iptables sets it to 0
 * with every change, natively too.)
 */
export class GuardedStreams {
  readonly #traffic: Traffic;

  private constructor(traffic: Traffic) {
    this.#traffic = traffic;
  }

  /** Appends the rules behind what INPUT has, then starts the streams. */
  static async start(network: Network, shell: ServedShell): Promise<GuardedStreams> {
    const traffic = await network.traffic(ports);
    for (const rule of rules) await shell.expect(`iptables -w 60 -A INPUT ${rule}`);
    await traffic.start(...Object.keys(ports));
    return new GuardedStreams(traffic);
  }

  /** Ends the streams; what isn't as it must be, in words. `shell` lists the counters. */
  async finish(shell: ServedShell): Promise<readonly string[]> {
    await this.#traffic.stop(...Object.keys(ports));
    const { dropped, control, marked } = await this.#traffic.report();
    if (dropped === undefined || control === undefined || marked === undefined) return ['a stream is missing'];
    const listing = await shell.expect('iptables -w 60 -L INPUT -n -v -x');
    const faults: string[] = [];
    const same = (what: string, have: unknown, want: unknown) => {
      if (have !== want) faults.push(`${what}: ${have}, should be ${want}`);
    };
    if (dropped.sent === 0 || control.sent === 0 || marked.sent === 0) faults.push('a stream sent nothing');
    same('dropped packets that arrived', dropped.received, 0);
    same('control packets that arrived', control.received, control.sent);
    same('marked packets that arrived', marked.received, marked.sent);
    same('counter of the DROP rule', counterOf(listing, `udp dpt:${ports.dropped}`), counted(dropped.sent));
    same('counter of the ACCEPT rule', counterOf(listing, `udp dpt:${ports.marked}`), counted(marked.sent));
    return faults;
  }
}

/** Rules of the streams, as they stand in INPUT. */
export const guardRules: readonly string[] = rules;

function counted(packets: number): string {
  return `${packets} packets, ${packets * packetBytes} bytes`;
}

function counterOf(listing: string, words: string): string {
  const line = listing.split('\n').find((one) => one.includes(words)) ?? '';
  const [packets, bytes] = line.trim().split(/\s+/);
  return `${packets} packets, ${bytes} bytes`;
}
