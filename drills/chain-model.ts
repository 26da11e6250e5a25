import type { Random } from './random.ts';

/** A command line, and what it makes of the chain's rules when it succeeds. */
export interface ChainCommand {
  readonly line: string;
  readonly after: readonly string[];
  /** Looks at what it printed; returns what is wrong with it. */
  readonly wrong?: (output: string) => string | undefined;
}

const mostRules = 30;
const firstPort = 20_000;
/** Of each model; no rule lives so long that another has its port. */
const ports = 10_000;

/**
 * A chain that one loop of commands owns, and what its rules must be. Rules are written as
 * `iptables -S` prints them, and each names a port of its own, to be known by.
 */
export class ChainModel {
  readonly chain: string;
  readonly #random: Random;
  #rules: readonly string[] = [];
  readonly #firstPort: number;
  #made = 0;

  /** @param lane keeps the ports of several models apart, 0 to 3 */
  constructor(chain: string, random: Random, lane = 0) {
    this.chain = chain;
    this.#random = random;
    this.#firstPort = firstPort + lane * ports;
  }

  get rules(): readonly string[] {
    return this.#rules;
  }

  /** What `iptables -S CHAIN` prints. */
  get listing(): string {
    return listingOf(this.chain, this.#rules);
  }

  /** A command was accepted, or seen to have been. */
  becomes(rules: readonly string[]): void {
    this.#rules = rules;
  }

  /** The next command, at random. */
  next(): ChainCommand {
    const rules = this.#rules;
    const random = this.#random;
    const any = rules.length > 0 ? 1 : 0;
    const room = rules.length < mostRules ? 1 : 0;
    const make = random.weighted<() => ChainCommand>([
      [4 * room, () => this.#append()],
      [3 * room, () => this.#insert()],
      [2 * any, () => this.#deleteNumber()],
      [2 * any, () => this.#deleteRule()],
      [3 * any, () => this.#replace()],
      [0.4, () => ({ line: `iptables -w 60 -F ${this.chain}`, after: [] })],
      [1, () => this.#restore(`:${this.chain} - [0:0]\n`, [])],
      [room, () => this.#restore('', rules)],
      [1, () => this.#list()],
    ]);
    return make();
  }

  #rule(): string {
    const random = this.#random;
    const port = this.#firstPort + (this.#made++ % ports);
    const source = random.below(2) === 0 ? '' : `-s 10.${random.below(256)}.${random.below(256)}.0/24 `;
    const matches = random.weighted([
      [3, `-p udp -m udp --dport ${port}`],
      [3, `-p tcp -m tcp --dport ${port}`],
      [1, `-p tcp -m tcp --dport ${port} -m comment --comment "rule for ${port}"`],
      [1, `-p udp -m udp --dport ${port} -m limit --limit 5/sec`],
    ]);
    const target = random.weighted([
      [3, 'DROP'],
      [3, 'ACCEPT'],
      [1, 'RETURN'],
      [1, 'REJECT --reject-with icmp-port-unreachable'],
    ]);
    return `${source}${matches} -j ${target}`;
  }

  #append(): ChainCommand {
    const rule = this.#rule();
    return { line: `iptables -w 60 -A ${this.chain} ${rule}`, after: [...this.#rules, rule] };
  }

  #insert(): ChainCommand {
    const rule = this.#rule();
    const at = this.#random.below(this.#rules.length + 1);
    return { line: `iptables -w 60 -I ${this.chain} ${at + 1} ${rule}`, after: this.#rules.toSpliced(at, 0, rule) };
  }

  #deleteNumber(): ChainCommand {
    const at = this.#random.below(this.#rules.length);
    return { line: `iptables -w 60 -D ${this.chain} ${at + 1}`, after: this.#rules.toSpliced(at, 1) };
  }

  #deleteRule(): ChainCommand {
    const at = this.#random.below(this.#rules.length);
    return { line: `iptables -w 60 -D ${this.chain} ${this.#rules[at]}`, after: this.#rules.toSpliced(at, 1) };
  }

  #replace(): ChainCommand {
    const rule = this.#rule();
    const at = this.#random.below(this.#rules.length);
    return { line: `iptables -w 60 -R ${this.chain} ${at + 1} ${rule}`, after: this.#rules.toSpliced(at, 1, rule) };
  }

  #restore(head: string, before: readonly string[]): ChainCommand {
    const added = Array.from({ length: this.#random.below(6) }, () => this.#rule());
    const lines = added.map((rule) => `-A ${this.chain} ${rule}\n`).join('');
    const input = `*filter\n${head}${lines}COMMIT\n`;
    return { line: `iptables-restore -w 60 -n <<'EOF'\n${input}EOF`, after: [...before, ...added] };
  }

  #list(): ChainCommand {
    const rules = this.#rules;
    const wanted = listingOf(this.chain, rules);
    const wrong = (output: string) => (output === wanted ? undefined : `listed:\n${output}\nwanted:\n${wanted}`);
    return { line: `iptables -w 60 -S ${this.chain}`, after: rules, wrong };
  }
}

export function listingOf(chain: string, rules: readonly string[]): string {
  return [`-N ${chain}`, ...rules.map((rule) => `-A ${chain} ${rule}`), ''].join('\n');
}
