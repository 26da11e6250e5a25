import { createHash } from 'node:crypto';
import { type ConntrackInfo, conntrackFlag } from '../../rules/conntrack/info.ts';
import type { AnyMatch, AnyTarget } from '../../rules/extension.ts';
import type { HeaderMatch, MatchUse, Rule, Table, TableName } from '../../rules/ir.ts';
import type { CgroupInfo } from '../../rules/matches/cgroup.ts';
import { type HashlimitInfo, hashMode } from '../../rules/rate/hashlimit-info.ts';
import { findMatch, findTarget } from '../../rules/registry.ts';

type Definition = AnyMatch | AnyTarget;

/** How an extension is called in the table of occurrences, with its revision. */
export function revisionName(
  kind: 'match' | 'target',
  { name, revision }: Pick<MatchUse, 'name' | 'revision'>,
): string {
  return `${kind} ${name}, revision ${revision}`;
}

/**
 * The same table as another iptables might send it: extensions in any revision that can say the same. Which one
 * an extension gets hangs on its rule's bytes alone, so that a rule keeps its own when others are left out.
 */
export function inOtherRevisions({ name, chains }: Table): Table {
  return {
    name,
    chains: chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => restated(rule, name)) })),
  };
}

/** The names, by `revisionName`, of all extensions in it. */
export function revisionsIn({ chains }: Table): readonly string[] {
  return chains.flatMap(({ rules }) =>
    rules.flatMap(({ matches, target }) => [
      ...matches.map((use) => revisionName('match', use)),
      ...(target.kind === 'extension' ? [revisionName('target', target)] : []),
    ]),
  );
}

interface Place {
  readonly table: TableName;
  readonly header: HeaderMatch;
}

function restated(rule: Rule, table: TableName): Rule {
  const { header, target } = rule;
  const place = { table, header };
  const hash = hashOf(rule);
  const choose = (ways: readonly MatchUse[], use: MatchUse, at: number): MatchUse =>
    ways[(hash + 7 * at) % ways.length] ?? use;
  const matches = rule.matches.map((use, at) =>
    choose(waysToSay(use, findMatch(use.name, use.revision).definition, place), use, at + 1),
  );
  if (target.kind !== 'extension') return { ...rule, matches };
  const ways = waysToSay(target, findTarget(target.name, target.revision).definition, place);
  return { ...rule, matches, target: { kind: 'extension', ...choose(ways, target, 0) } };
}

function hashOf({ header, matches, target }: Rule): number {
  const text = JSON.stringify([header, matches, target], (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return createHash('sha1').update(text).digest().readUInt32LE();
}

/** Its own way first. */
function waysToSay({ name, revision, data }: MatchUse, definition: Definition, place: Place): readonly MatchUse[] {
  const info = definition.revisions[revision]?.decode(data);
  const others = Object.keys(definition.revisions)
    .map(Number)
    .filter((other) => other !== revision)
    .flatMap((other): readonly MatchUse[] => {
      const bytes = attempt(() => inRevision(definition, info, { revision, other }, place));
      return bytes === undefined ? [] : [{ name, revision: other, data: bytes }];
    });
  return [{ name, revision, data }, ...others, ...underItsAlias(definition, info)];
}

/** The same in another revision. Throws where that can't say it. */
function inRevision(
  definition: Definition,
  info: unknown,
  { revision, other }: { readonly revision: number; readonly other: number },
  { table, header }: Place,
): Uint8Array {
  const layout = definition.revisions[other];
  if (layout === undefined) throw new Error(`no revision ${other}`);
  const convert = conversions[`${definition.kind} ${definition.name}`];
  const bytes = layout.encode(convert === undefined ? info : convert(info as never, revision, other));
  const said = layout.decode(bytes);
  definition.check(said, { table, header, hooks: 0 });
  const words = (some: unknown): string => definition.save(some, { header }).replace(defaults, '');
  if (words(said) !== words(info)) throw new Error('it says something else');
  return bytes;
}

/** What older revisions mean without saying it. */
const defaults = / --mask 255\.255\.255\.255/;

/** Where one revision counts, or lays out, otherwise than another. */
const conversions: Readonly<Record<string, (info: never, revision: number, other: number) => unknown>> = {
  'match cgroup': (info: CgroupInfo, _, other) => ({ ...info, path: padded(info.path, other === 1 ? 4096 : 512) }),
  'match hashlimit': (info: HashlimitInfo, revision, other) => {
    const scale = (of: number): bigint => (of === 1 ? 10_000n : 1_000_000n);
    const isRoomy = other !== 1;
    const name = Buffer.from(info.name).toString('latin1').replace(/\0.*$/s, '');
    if (!isRoomy && name.length > 15) throw new Error('a name too long');
    return {
      ...info,
      name: padded(Buffer.from(name, 'latin1'), isRoomy ? 255 : 16),
      avg: (info.mode & hashMode.BYTES) === 0 ? (info.avg * scale(other)) / scale(revision) : info.avg,
      pad: new Uint8Array(1),
      pad2: new Uint8Array(other === 3 ? 6 : 2),
    };
  },
};

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const room = new Uint8Array(size);
  room.set(bytes.subarray(0, size));
  return room;
}

/** NOTRACK, which has nothing to say, and state are extensions of their own, though iptables sends CT and conntrack for them. */
function underItsAlias(definition: Definition, info: unknown): readonly MatchUse[] {
  const name = definition.alias?.(info) ?? definition.name;
  if (name === definition.name) return [];
  if (name === 'state') return [{ name, revision: 0, data: stateBytes(info as ConntrackInfo) }];
  const found = attempt(() => findTarget(name, 0));
  return found?.revision.size === 0 ? [{ name, revision: 0, data: new Uint8Array(0) }] : [];
}

/** conntrack's states as struct xt_state_info has them: all but UNTRACKED by the same bits. */
function stateBytes({ states, invertFlags }: ConntrackInfo): Uint8Array {
  const [CONNTRACK_UNTRACKED, STATE_UNTRACKED] = [0x100, 0x40];
  const mask = (states & 0x3f) | ((states & CONNTRACK_UNTRACKED) === 0 ? 0 : STATE_UNTRACKED);
  const isInverted = (invertFlags & conntrackFlag.state) !== 0;
  return findMatch('state', 0).revision.encode({ mask: (isInverted ? ~mask : mask) >>> 0 });
}

/** Undefined where it throws: a revision has no room for what another one says. */
function attempt<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
