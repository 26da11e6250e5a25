/** What runs a command in the network namespace that is looked at, not served. */
export interface Outside {
  run(...command: readonly string[]): {
    readonly status: number | null;
    readonly stdout: string;
    readonly stderr: string;
  };
}

interface Listed {
  readonly chain?: { readonly name: string };
  readonly rule?: { readonly chain: string; readonly comment?: string; readonly expr: readonly Statement[] };
}

interface Statement {
  readonly counter?: string;
  readonly match?: { readonly left: { readonly payload?: { readonly field?: string } }; readonly right: unknown };
}

/** The rules of each chain in nftables, as the port each asks for (or nothing) and the counter it bumps, in order. */
function rulesInKernel(json: string): ReadonlyMap<string, readonly string[]> {
  const { nftables } = JSON.parse(json) as { readonly nftables: readonly Listed[] };
  const chains = new Map<string, string[]>();
  for (const { chain } of nftables) if (chain !== undefined) chains.set(chain.name, []);
  for (const { rule } of nftables) {
    const counter = rule?.expr.find((statement) => statement.counter !== undefined)?.counter;
    if (rule === undefined || counter === undefined) continue; // a guard
    const port = rule.expr.find(({ match }) => match?.left.payload?.field === 'dport')?.match?.right;
    chains.get(rule.chain)?.push(port === undefined ? '' : String(port));
  }
  return chains;
}

/**
 * Compares the kernel's rules with what a caller is shown: every rule of every chain, known by its
 * port, in its place, each chain's end, and nothing else. What differs, in words; empty when nothing does.
 *
 * @param listing what `iptables -S` prints
 */
export function disagreements(network: Outside, listing: string): readonly string[] {
  const listed = network.run('nft', '-j', 'list', 'table', 'ip', 'bpfilter_filter');
  if (listed.status !== 0) return [`nft: ${listed.stderr}`];
  const kernel = rulesInKernel(listed.stdout);
  const wanted = new Map<string, string[]>();
  for (const line of listing.split('\n')) {
    const [verb = '', chain = '', ...rest] = line.split(' ');
    if (verb === '-P' || verb === '-N') wanted.set(chain, []);
    if (verb === '-A') wanted.get(chain)?.push(rest[rest.indexOf('--dport') + 1] ?? '');
  }
  const builtin = new Set(listing.match(/(?<=^-P )\w+/gm));
  const faults: string[] = [];
  for (const [chain, rules] of wanted) {
    const ports = rules.map((port) => (/^\d+$/.test(port) ? port : ''));
    // A user chain's closing RETURN has a rule with a counter; a built-in one's policy stands in its hook chain.
    const want = builtin.has(chain) ? ports : [...ports, ''];
    const have = kernel.get(chain) ?? ['no such chain'];
    if (have.join() !== want.join()) faults.push(`${chain}: the kernel has [${have}], the table says [${want}]`);
  }
  for (const chain of kernel.keys()) {
    if (!wanted.has(chain) && !/^(gen|hook|guard)_/.test(chain)) faults.push(`${chain}: only the kernel has it`);
  }
  const markers = [...kernel.keys()].filter((chain) => chain.startsWith('gen_'));
  if (markers.length !== 1) faults.push(`markers: ${markers}`);
  return faults;
}
