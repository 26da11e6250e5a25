import { ipv4, type TableName } from '../../protocol/family.ts';
import type { AnyMatch, AnyTarget, Placement } from '../../rules/extension.ts';
import { matches, targets } from '../../rules/registry.gen.ts';
import { pick, type Random } from '../harness/random.ts';
import { expand } from './domains.ts';
import { avoided } from './known.ts';
import type { RandomRule, RandomTable, UserChain } from './ruleset.ts';

/** One line of an extension's examples. */
export interface Example {
  readonly name: string;
  readonly text: string;
  readonly placement: Placement;
}

/** How an example is called in tables and lists. */
export function exampleName({ kind, name }: Pick<AnyMatch | AnyTarget, 'kind' | 'name'>, text: string): string {
  return `${kind} ${name}: ${text}`;
}

/**
 * What is predictable of extensions that aren't: a limit that doesn't fill while a test lasts.
 */
const steady: Readonly<Record<string, readonly string[]>> = {
  'match limit': ['-m limit --limit 1/hour --limit-burst {1|2|5}'],
  'match statistic': ['-m statistic --mode nth {|!} --every {3-9} --packet {0-2}'],
  'match hashlimit': [
    '-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst {1-5} {|--hashlimit-mode srcip} --hashlimit-name {one|two}',
  ],
};

/** How an example is called where some option of it is inverted. */
export function inverted(name: string): string {
  return `${name}  (inverted)`;
}

/** Every line that random rules are made of, its own for each extension. */
export function linesOf(extensions: readonly (AnyMatch | AnyTarget)[]): readonly (readonly Example[])[] {
  return extensions
    .map((extension) => {
      const texts =
        extension.unpredictable === undefined
          ? extension.examples
          : (steady[`${extension.kind} ${extension.name}`] ?? []);
      return texts.map((text) => ({ name: exampleName(extension, text), text, placement: extension.placement }));
    })
    .filter((lines) => lines.length > 0);
}

export const matchExamples = linesOf(matches);
export const targetExamples = linesOf(targets);

/** What random rules are made of. */
export interface Vocabulary {
  /** Lines of each extension. */
  readonly matches: readonly (readonly Example[])[];
  readonly targets: readonly (readonly Example[])[];
  /** Whether rules in user chains ask for devices that a hook may not have. */
  readonly isDeviceAnywhere: boolean;
  /** Rules to stand in a row somewhere, but for their targets; mostly none. */
  readonly runOf: (random: Random) => readonly string[];
}

const everything: Vocabulary = {
  matches: matchExamples,
  targets: targetExamples,
  isDeviceAnywhere: false,
  runOf: () => [],
};

/** Chains that anything may call, in an order in which each calls only later ones: no loops. */
const users = ['one', 'two', 'three', 'four', 'five'] as const;

interface Chain {
  readonly name: string;
  /** Mask of the hooks it can be reached from. */
  readonly hooks: number;
}

/** What a rule may be made of. */
interface Place {
  readonly table: TableName;
  readonly chain: Chain;
  readonly callable: readonly Chain[];
  readonly words: Vocabulary;
}

/** Rulesets for the tables: filter full of rules of every kind, the others with fewer. */
export function randomTables(random: Random, names: readonly TableName[], words = everything): readonly RandomTable[] {
  return names.map((table) => randomTable(random, table, words));
}

function randomTable(random: Random, table: TableName, words: Vocabulary): RandomTable {
  const builtin = ipv4.tables[table].chains.map(({ name, hook }): Chain => ({ name, hooks: 1 << hook }));
  const all = builtin.reduce((mask, { hooks }) => mask | hooks, 0);
  const user = users.map((name): Chain => ({ name, hooks: random(2) === 0 ? all : someOf(random, builtin) }));
  const most = table === 'filter' ? 7 : 4;
  const rules = [...builtin, ...user].flatMap((chain) => {
    const at = user.indexOf(chain);
    const later = user.filter((one, place) => place > at && (chain.hooks & ~one.hooks) === 0);
    const place = { table, chain, callable: later, words };
    const some = Array.from({ length: random(most) }, () => randomRule(random, place));
    return [...some, ...words.runOf(random).map((text) => ruleOfRun(random, text, place))];
  });
  const mayDrop = table !== 'nat';
  const dropping = builtin.filter(() => mayDrop && random(table === 'filter' ? 6 : 30) === 0).map(({ name }) => name);
  const reach = user.map(({ name, hooks }) => {
    return { name, from: builtin.filter((one) => (one.hooks & hooks) !== 0).map((one) => one.name) };
  });
  const rare = evenly(random, table, [...builtin, ...user], words);
  return { name: table, dropping, users: reach, rules: [...callsOf(random, reach), ...rules, ...rare] };
}

/**
 * Rules of examples drawn evenly from all lines: by extension first, as other rules are made, a line of one that has
 * many and may stand in few places would hardly come up.
 */
function evenly(random: Random, table: TableName, chains: readonly Chain[], words: Vocabulary): readonly RandomRule[] {
  return Array.from({ length: 4 }, (): readonly RandomRule[] => {
    const isTarget = random(2) === 0;
    const lines = (isTarget ? words.targets : words.matches).flat();
    const [line] = lines.length === 0 ? [] : [lines[random(lines.length)]];
    const fitting = line === undefined ? [] : chains.filter((chain) => mayStand(line.placement, table, chain));
    const chain = fitting[random(Math.max(fitting.length, 1))];
    if (line === undefined || chain === undefined) return [];
    const draft: Draft = { parts: [], examples: [] };
    addExample(random, draft, [[line]], { table, chain, callable: [], words });
    if (draft.parts.length === 0) return [];
    const protocol = draft.protocol ?? '';
    const text = [protocol, ...draft.parts].filter((part) => part !== '').join(' ');
    return [{ chain: chain.name, text, examples: [...draft.examples, ...headerOptions(text)] }];
  }).flat();
}

/** Every second user chain is called at once from somewhere: few rules would be come by else. */
function callsOf(random: Random, users: readonly UserChain[]): readonly RandomRule[] {
  return users.flatMap(({ name, from }) => {
    const chain = from[random(from.length)];
    const test = pick(random, ['', '', '-p tcp ', '-p udp ']);
    return chain === undefined || random(2) === 0 ? [] : [{ chain, text: `${test}-j ${name}`, examples: [] }];
  });
}

/** A mask of at least one of the chains' hooks. */
function someOf(random: Random, chains: readonly Chain[]): number {
  const mask = chains.filter(() => random(2) === 0).reduce((sum, { hooks }) => sum | hooks, 0);
  return mask === 0 ? (chains[random(chains.length)]?.hooks ?? 1) : mask;
}

/** A rule in the making: what its parts have agreed on. */
interface Draft {
  protocol?: string;
  readonly parts: string[];
  readonly examples: string[];
}

function randomRule(random: Random, place: Place): RandomRule {
  const draft: Draft = { parts: [], examples: [] };
  const header = [address(random, '-s'), address(random, '-d'), device(random, place), fragment(random)];
  for (let left = pick(random, [0, 1, 1, 1, 2]); left > 0; left--)
    addExample(random, draft, place.words.matches, place);
  const target = targetOf(random, draft, place);
  const protocol = draft.protocol ?? pick(random, ['', '', '', '-p tcp', '-p tcp', '-p udp', '-p icmp', '! -p tcp']);
  const text = [protocol, ...header, ...draft.parts, target].filter((part) => part !== '').join(' ');
  return { chain: place.chain.name, text, examples: [...draft.examples, ...headerOptions(text)] };
}

/** A rule that packets don't come out of, but by RETURN. */
function ruleOfRun(random: Random, text: string, { chain, callable }: Place): RandomRule {
  const ends = ['-j ACCEPT', '-j DROP', '-j RETURN', ...callable.flatMap(({ name }) => [`-j ${name}`, `-g ${name}`])];
  return { chain: chain.name, text: `${text} ${ends[random(ends.length)]}`, examples: headerOptions(text) };
}

/** What every rule may ask of the IP header and the devices. */
export const headerNames = ['-s', '-d', '-i', '-o', '-f', '-p'].flatMap((option) => {
  const name = exampleName({ kind: 'match', name: 'ip' }, option);
  return [
    { option: ` ${option}`, name },
    { option: ` ! ${option}`, name: inverted(name) },
  ];
});

function headerOptions(text: string): readonly string[] {
  const [own = ''] = ` ${text} `.split(' -m ');
  return headerNames.filter(({ option }) => own.split(' -j ')[0]?.includes(`${option} `)).map(({ name }) => name);
}

/** Adds a fragment that may stand here and doesn't contradict the protocol of the others; nothing where none is found. */
function addExample(
  random: Random,
  draft: Draft,
  choices: readonly (readonly Example[])[],
  { table, chain }: Place,
): void {
  const fitting = choices
    .map((examples) => examples.filter((one) => mayStand(one.placement, table, chain)))
    .filter((examples) => examples.length > 0);
  for (let tries = 4; tries > 0; tries--) {
    const extension = fitting[random(Math.max(fitting.length, 1))] ?? [];
    const example = extension[random(Math.max(extension.length, 1))];
    if (example === undefined || draft.examples.includes(example.name)) continue;
    const { protocol, rest } = split(allowed(example.text, random));
    if (avoided.some(({ rule }) => rule.test(rest))) continue;
    if (protocol !== undefined && draft.protocol !== undefined && protocol !== draft.protocol) continue;
    if (protocol !== undefined) draft.protocol = protocol;
    draft.parts.push(rest);
    draft.examples.push(example.name, ...(rest.includes('! ') ? [inverted(example.name)] : []));
    return;
  }
}

/** A fragment filled in, once more where it came to one that is avoided. */
function allowed(text: string, random: Random): string {
  const once = expand(text, random);
  return avoided.some(({ rule }) => rule.test(once)) ? expand(text, random) : once;
}

function mayStand({ table: tables, hooks }: Placement, table: TableName, chain: Chain): boolean {
  return (
    (tables === undefined || [tables].flat().includes(table)) && (hooks === undefined || (chain.hooks & ~hooks) === 0)
  );
}

/** A fragment's `-p` apart from the rest. */
function split(fragment: string): { readonly protocol?: string; readonly rest: string } {
  const [whole = '', protocol] = /^\s*((?:! )?-p \S+)\s*/.exec(fragment) ?? [];
  return protocol === undefined ? { rest: fragment.trim() } : { protocol, rest: fragment.slice(whole.length).trim() };
}

function targetOf(random: Random, draft: Draft, place: Place): string {
  const { table, callable, words } = place;
  const [first, ...rest] = callable.map(({ name }) => name);
  if (first !== undefined && random(3) === 0) {
    return `${pick(random, ['-j', '-j', '-g'])} ${pick(random, [first, ...rest])}`;
  }
  if (random(table === 'nat' ? 4 : 2) !== 1) {
    const count = draft.parts.length;
    // most of them such as only a few tables, or hooks, have: any other may stand in all of them
    const own = words.targets.filter((lines) => lines.some(({ placement }) => placement.table !== undefined));
    const narrow = own.filter((lines) => lines.some(({ placement }) => placement.hooks !== undefined));
    addExample(random, draft, pick(random, [own, narrow, words.targets]), place);
    if (draft.parts.length > count) return draft.parts.pop() ?? '';
  }
  const ends = table === 'filter' || random(5) === 0 ? ['-j ACCEPT', ...(table === 'nat' ? [] : ['-j DROP'])] : [];
  return pick(random, ['', '', '', '-j RETURN', ...ends]);
}

function not(random: Random): string {
  return random(3) === 0 ? '! ' : '';
}

function address(random: Random, option: '-s' | '-d'): string {
  return random(7) > 0 ? '' : expand(`${not(random)}${option} {network}`, random);
}

function fragment(random: Random): string {
  return random(20) > 0 ? '' : `${not(random)}-f`;
}

/** -i and -o where the built-in chain of that name has such a device. */
function device(random: Random, { chain: { name, hooks }, words }: Place): string {
  if (random(9) > 0) return '';
  if (words.isDeviceAnywhere && users.some((user) => user === name))
    return expand(`${not(random)}{-i|-o} {interface}`, random);
  const outgoing = (hooks & 0b00011) === 0 && (hooks & 0b11000) !== 0;
  const incoming = (hooks & 0b11000) === 0 && (hooks & 0b00011) !== 0;
  const option = outgoing ? '-o' : incoming ? '-i' : hooks === 0b00100 ? pick(random, ['-i', '-o']) : undefined;
  return option === undefined ? '' : expand(`${not(random)}${option} {interface}`, random);
}
