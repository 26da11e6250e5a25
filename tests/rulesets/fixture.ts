import fs from 'node:fs';

/** Rulesets as the programs of these names write them. */
export const fixtureNames = ['docker', 'fail2ban', 'firewalld', 'kube-proxy', 'openwrt', 'ufw'] as const;

export type FixtureName = (typeof fixtureNames)[number];

/** The text of a ruleset, as iptables-restore takes it. */
export function fixture(name: FixtureName): string {
  return fs.readFileSync(new URL(`./fixtures/${name}.rules`, import.meta.url), 'utf8');
}

const byteBits = 33n;

/** The same rules with counters that differ from rule to rule; bytes need more than 32 bits. For `-c`. */
export function withCounters(text: string): string {
  return text
    .split('\n')
    .map((line, at) => {
      const counters = `[${at + 1}:${(BigInt(at + 1) << byteBits) + BigInt(at)}]`;
      if (line.startsWith('-A ')) return `${counters} ${line}`;
      return line.replace(/^(:\S+ (?:ACCEPT|DROP)) \[0:0\]$/, `$1 ${counters}`);
    })
    .join('\n');
}

/** A saved text by table, without the comments that bear the time: which table comes first depends on who asked first. */
export function sections(text: string): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const name = /^\*(\w+)$/.exec(line)?.[1];
    if (name !== undefined) {
      lines = [];
      found[name] = lines;
    }
    lines.push(line);
  }
  return found;
}

/** `packets:bytes` of each table's rules and policies, in order. */
export function countersOf(text: string): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    Object.entries(sections(text)).map(([name, lines]) => [
      name,
      lines.flatMap((line) => /^(?::\S+ (?:ACCEPT|DROP) )?\[(\d+:\d+)\]/.exec(line)?.slice(1) ?? []),
    ]),
  );
}
