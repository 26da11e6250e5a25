import { describe, expect, it } from 'vitest';
import { ipv4 } from '../../protocol/family.ts';
import { encodeTable } from '../blob/encode.ts';
import { type BlobView, inheritKeys, viewTable } from '../blob/view.ts';
import type { Chain, Rule } from '../ir.ts';
import { range } from '../nat/testing/range.ts';
import type { AnalysisCache } from './analysis.ts';
import { diffTable, type TableDiff } from './diff.ts';
import { documentFor } from './document.ts';
import type { InstalledTable } from './installed.ts';
import { ruleText } from './testing/rule-text.ts';
import { extension, rule } from './testing/rules.ts';
import { anyXt } from './xt.ts';

const netmap = rule({ target: extension('NETMAP', 0, range({ hosts: [0, 255] })) });
const plain = rule({ target: { kind: 'continue' } });
const end = rule({ target: { kind: 'return' } });
const jump = rule({ target: { kind: 'jump', chain: 'map' } });

/** Table nat with a chain `map`, which the named built-in chains jump to, as iptables sends it. */
function natTable(...callers: readonly string[]): BlobView {
  return natTableOf(Object.fromEntries(callers.map((name) => [name, [jump]])));
}

function natTableOf(calls: Readonly<Record<string, readonly Rule[]>>): BlobView {
  let next = 0;
  const placed = (one: Rule): Rule => ({ ...one, index: next++ });
  const builtins = ipv4.tables.nat.chains.map(({ name, hook }): Chain => {
    const rules = (calls[name] ?? []).map(placed);
    return { kind: 'builtin', name, hook, rules, policy: placed(rule()) };
  });
  const headIndex = next++;
  const rules = [plain, netmap, plain].map(placed);
  const user: Chain = { kind: 'user', name: 'map', rules, headIndex, tail: placed(end) };
  const encoded = encodeTable({ name: 'nat', chains: [...builtins, user] });
  return viewTable('nat', encoded.entries, encoded);
}

/** One change after the other, as a driver makes them. */
class Changes {
  readonly #cache: AnalysisCache = new Map();
  #view: BlobView | undefined;
  #installed: InstalledTable | undefined;

  to(view: BlobView, xt = false): TableDiff {
    if (this.#view !== undefined) inheritKeys(view, this.#view);
    const options = { instance: 'x', cache: this.#cache, ...(xt ? { xt: anyXt } : {}) };
    const diff = diffTable(this.#installed, view, options);
    this.#installed = documentFor(diff, (id) => [id]).installed;
    this.#view = view;
    return diff;
  }
}

/** Which rules of chain `map` stay. */
function kept({ chains }: TableDiff): readonly boolean[] {
  const map = chains.find(({ chain }) => chain.source.name === 'map');
  return [...(map?.kept ?? [])].map((at) => at >= 0);
}

/** What NETMAP is, with its counter. */
function translation(view: BlobView, options: { readonly xt?: typeof anyXt } = {}): string {
  const { document } = documentFor(diffTable(undefined, view, { instance: 'x', ...options }), () => []);
  const rules = document.nftables.flatMap((one) => ('add' in one && 'rule' in one.add ? [one.add.rule] : []));
  const [, second] = rules.filter(({ chain }) => chain === 'map');
  return ruleText(second?.expr ?? []).replace(/^counter:\S+ ?/, '');
}

const all = [true, true, true, true]; // its closing RETURN, too
/** All but NETMAP. */
const others = [true, false, true, true];

describe('a rule that depends on the hooks it is reached from', () => {
  it('is translated for those', () => {
    expect(translation(natTable())).toBe('');
    expect(translation(natTable('POSTROUTING'))).toBe('snat');
    expect(translation(natTable('INPUT', 'POSTROUTING'))).toBe('snat');
    expect(translation(natTable('PREROUTING'))).toBe('dnat');
    expect(() => translation(natTable('OUTPUT', 'INPUT'))).toThrow('rule 2 of chain map: NETMAP');
    expect(translation(natTable('OUTPUT', 'INPUT'), { xt: anyXt })).toBe('xt');
  });

  it('is translated for those too that only a jump behind an end leads from: nf_tables looks at it', () => {
    const table = natTableOf({ INPUT: [jump], OUTPUT: [end, jump] });
    expect(() => translation(table)).toThrow('rule 2 of chain map: NETMAP');
    expect(translation(table, { xt: anyXt })).toBe('xt');
  });

  it('is made anew where they change, and no other rule', () => {
    const changes = new Changes();
    changes.to(natTable());
    expect(kept(changes.to(natTable()))).toEqual(all);
    expect(kept(changes.to(natTable('POSTROUTING')))).toEqual(others);
    expect(kept(changes.to(natTable('POSTROUTING')))).toEqual(all);
    expect(kept(changes.to(natTable('PREROUTING')))).toEqual(others);
    expect(kept(changes.to(natTable('PREROUTING')))).toEqual(all);
    // the kernel's own wants the table under another name
    expect(kept(changes.to(natTable('PREROUTING', 'POSTROUTING'), true))).toEqual([false, false, false, false]);
    // known since before, by its key
    expect(kept(changes.to(natTable('POSTROUTING')))).toEqual(others);
    expect(kept(changes.to(natTable('POSTROUTING')))).toEqual(all);
  });

  it('is refused where they come to differ, and the table stays', () => {
    const changes = new Changes();
    changes.to(natTable('POSTROUTING'));
    expect(() => changes.to(natTable('POSTROUTING', 'OUTPUT'))).toThrow('nft must be told which');
    expect(kept(changes.to(natTable('POSTROUTING')))).toEqual(all);
  });
});
