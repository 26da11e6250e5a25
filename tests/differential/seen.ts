import { spawnSync } from 'node:child_process';

/**
 * What packets carry that isn't in their bytes. A table of nftables, neither the kernel's nor ours, gives some a mark
 * before all tables of ip_tables, by their ids (but for packets of the kernel's own, whose ids come by chance), and
 * counts behind them those that leave and those that come in for the host, by mark and by priority.
 */
const ruleset = `
table ip seen {
  set marks_out { type mark; size 65535; flags dynamic; }
  set marks_in { type mark; size 65535; flags dynamic; }
  set priorities { typeof meta priority; size 65535; flags dynamic; }
  chain early {
    type filter hook prerouting priority -500;
    iifname != "lo" meta mark set ip id map { 0x8000-0x9fff : 1, 0xa000-0xbfff : 2, 0xc000-0xdfff : 0x13, 0xe000-0xffff : 0x800000ff }
  }
  chain out {
    type filter hook postrouting priority 300;
    add @marks_out { meta mark counter }
    add @priorities { meta priority counter }
  }
  chain in {
    type filter hook input priority 300;
    add @marks_in { meta mark counter }
  }
}`;

export interface Seen {
  /** `marks_out 3: 5` for what was seen since the last call. */
  sinceThen(): readonly string[];
}

/** Begins to mark and to look, in this network namespace. The driver would look into each later change of the table. */
export function startSeeing(): Seen {
  nft(['-f', '-'], ruleset);
  let before = counts();
  return {
    sinceThen() {
      const now = counts();
      const lines = [...now]
        .map(([name, packets]): [string, number] => [name, packets - (before.get(name) ?? 0)])
        .filter(([, packets]) => packets > 0)
        .map(([name, packets]) => `${name}: ${packets}`);
      before = now;
      return lines.sort();
    },
  };
}

interface Listed {
  readonly nftables: readonly { readonly set?: { readonly name: string; readonly elem?: readonly Element[] } }[];
}

interface Element {
  readonly elem: { readonly val: string | number; readonly counter: { readonly packets: number } };
}

function counts(): ReadonlyMap<string, number> {
  const { nftables } = JSON.parse(nft(['-j', 'list', 'table', 'ip', 'seen'])) as Listed;
  return new Map(
    nftables.flatMap(({ set }) =>
      (set?.elem ?? []).map(({ elem }): [string, number] => [`${set?.name} ${elem.val}`, elem.counter.packets]),
    ),
  );
}

function nft(args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync('nft', args, { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`nft: ${error?.message ?? stderr}`);
  return stdout;
}
