import { packetBytes, type Streams } from './udp-streams.ts';

const ports = { dropped: 9001, control: 9002, marked: 9003 } as const;
const rules = [
  `-p udp -m udp --dport ${ports.dropped} -j DROP`,
  `-p udp -m udp --dport ${ports.marked} -m comment --comment marked -j ACCEPT`,
];

/** What gives commands that must succeed. */
export interface Commands {
  /** @returns what it printed. @throws when it fails */
  expect(line: string): Promise<string>;
}

/** What the packets say of the rules. */
export interface StreamsOutcome {
  /** Packets that a rule should have dropped, and those of them that got through. */
  readonly guarded: number;
  readonly leaked: number;
  /** Packets that rules should have counted, and by how many their counters are wrong. */
  readonly counted: number;
  readonly countersLost: number;
  /** What isn't as it must be, in words: counters by themselves. */
  readonly faults: readonly string[];
  readonly counterFaults: readonly string[];
}

/**
 * Three streams through INPUT: one that a rule drops, one that a rule accepts and counts, and one
 * that falls through to the policy. (The policy's own counter tells nothing: iptables sets it to 0
 * with every change, natively too.)
 */
export class GuardedStreams {
  readonly #traffic: Streams;

  private constructor(traffic: Streams) {
    this.#traffic = traffic;
  }

  /** Appends the rules behind what INPUT has, then starts the streams. */
  static async start(
    network: { traffic(ports: Readonly<Record<string, number>>): Promise<Streams> },
    shell: Commands,
  ): Promise<GuardedStreams> {
    const traffic = await network.traffic(ports);
    for (const rule of rules) await shell.expect(`iptables -w 60 -A INPUT ${rule}`);
    await traffic.start(...Object.keys(ports));
    return new GuardedStreams(traffic);
  }

  /** Ends the streams; what isn't as it must be, in words. `shell` lists the counters. */
  async finish(shell: Commands): Promise<readonly string[]> {
    const { faults, counterFaults } = await this.outcome(shell);
    return [...faults, ...counterFaults];
  }

  /** Ends the streams, and compares what arrived and what was counted with what was sent. */
  async outcome(shell: Commands): Promise<StreamsOutcome> {
    await this.#traffic.stop(...Object.keys(ports));
    const { dropped, control, marked } = await this.#traffic.report();
    if (dropped === undefined || control === undefined || marked === undefined) {
      throw new RangeError('a stream is missing');
    }
    const listing = await shell.expect('iptables -w 60 -L INPUT -n -v -x');
    const faults: string[] = [];
    const same = (what: string, have: unknown, want: unknown) =>
      have === want ? [] : [`${what}: ${have}, should be ${want}`];
    if (dropped.sent === 0 || control.sent === 0 || marked.sent === 0) faults.push('a stream sent nothing');
    faults.push(
      ...same('dropped packets that arrived', dropped.received, 0),
      ...same('control packets that arrived', control.received, control.sent),
      ...same('marked packets that arrived', marked.received, marked.sent),
    );
    const drops = counterOf(listing, `udp dpt:${ports.dropped}`);
    const accepts = counterOf(listing, `udp dpt:${ports.marked}`);
    return {
      guarded: dropped.sent,
      leaked: dropped.received,
      counted: dropped.sent + marked.sent,
      countersLost: Math.abs(dropped.sent - drops.packets) + Math.abs(marked.sent - accepts.packets),
      faults,
      counterFaults: [
        ...same('counter of the DROP rule', drops.text, counted(dropped.sent)),
        ...same('counter of the ACCEPT rule', accepts.text, counted(marked.sent)),
      ],
    };
  }
}

/** Rules of the streams, as they stand in INPUT. */
export const guardRules: readonly string[] = rules;

function counted(packets: number): string {
  return `${packets} packets, ${packets * packetBytes} bytes`;
}

function counterOf(listing: string, words: string): { readonly packets: number; readonly text: string } {
  const line = listing.split('\n').find((one) => one.includes(words)) ?? '';
  const [packets, bytes] = line.trim().split(/\s+/);
  return { packets: Number(packets) || 0, text: `${packets} packets, ${bytes} bytes` };
}
