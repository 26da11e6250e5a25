/**
 * Writes structs.json: the structs that iptables makes of every extension's examples, read back from the kernel's own
 * ip_tables. To be run as root in a network namespace of its own: unshare -n npx tsx tests/fuzz/collect-structs.ts
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { ipv4, tableNames } from '../../protocol/family.ts';
import { viewTable } from '../../rules/blob/view.ts';
import type { AnyMatch, AnyTarget } from '../../rules/extension.ts';
import { matches, targets } from '../../rules/registry.gen.ts';
import { expand } from '../differential/domains.ts';
import { randomFrom } from '../harness/random.ts';
import { kernelClient } from '../text-native/kernel-client.ts';
import type { ValidStruct } from './structs.ts';

/** Each example is filled in so many times. */
const tries = 4;

const client = kernelClient();
const random = randomFrom(1);
const found = new Map<string, ValidStruct>();

function keep(table: (typeof tableNames)[number]): void {
  const info = client.getInfo(table);
  const view = viewTable(table, client.getEntries(table, info.size), info);
  for (const chain of view.chains) {
    for (let index = chain.first; index < chain.last; index += 1) {
      const { header, matches: uses, target } = view.rule(index);
      const { protocol, inverted } = header;
      for (const use of uses) note('match', use.name, use.revision, use.data, protocol, inverted);
      if (target.kind === 'extension') note('target', target.name, target.revision, target.data, protocol, inverted);
    }
  }
}

function note(
  kind: ValidStruct['kind'],
  name: string,
  revision: number,
  data: Uint8Array,
  protocol: number,
  inverted: number,
): void {
  const hex = Buffer.from(data).toString('hex');
  found.set(`${kind} ${name} ${revision} ${hex}`, { kind, name, revision, protocol, inverted: inverted & 0x40, hex });
}

function load({ kind, placement }: AnyMatch | AnyTarget, text: string): void {
  const wanted = placement.table === undefined ? tableNames : [placement.table].flat();
  for (const table of wanted) {
    for (const { name, hook } of ipv4.tables[table].chains) {
      if (placement.hooks !== undefined && (placement.hooks & (1 << hook)) === 0) continue;
      const rule = `-t ${table} -A ${name} ${text}${kind === 'match' ? ' -j ACCEPT' : ''}`;
      const done = spawnSync('sh', ['-c', `iptables-legacy ${rule}`], { encoding: 'utf8' });
      if (done.status !== 0) continue;
      keep(table);
      spawnSync('iptables-legacy', ['-t', table, '-F']);
      return;
    }
  }
}

for (const extension of [...matches, ...targets]) {
  const texts = extension.examples.flatMap((text) => Array.from({ length: tries }, () => expand(text, random)));
  for (const text of new Set(texts)) load(extension, text);
}
const lines = [...found.values()].map((struct) => JSON.stringify(struct));
writeFileSync(new URL('./structs.json', import.meta.url), `[\n  ${lines.join(',\n  ')}\n]\n`);
console.log(`${found.size} structs`);
