import type { RuleStep, Step } from './parse.ts';

/** A test file with its name. */
export interface TestFile {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What became of a rule in one chain. */
export interface ChainResult {
  /** Of `iptables -A`. */
  readonly status: number;
  /** What `iptables -A` said. */
  readonly said: string;
  /** The lines that iptables-save has more than before, where the rule was accepted. */
  readonly saved: readonly string[];
  /** Whether `-D` was accepted and iptables-save prints what it did before. */
  readonly undone: boolean;
  /** How many rules more than before count in our chain in nftables; undefined where it isn't looked at. */
  readonly inForce: number | undefined;
}

/** What a command of the file ended with. */
export interface CommandResult {
  readonly status: number;
}

export interface FileResult {
  readonly name: string;
  /** By line: a result for each chain of a rule, one for a command. */
  readonly rules: ReadonlyMap<number, readonly ChainResult[]>;
  readonly commands: ReadonlyMap<number, CommandResult>;
}

const mark = '@@@@';

/**
 * A script for sh that does the steps of the files one after the other and says what came of each.
 * `looksAtNft` has it list what is in force in nftables, where every table is put at the beginning. What
 * was there before a rule is what was left by the last one: it is asked only where that isn't known.
 */
export function scriptOf(files: readonly TestFile[], looksAtNft: boolean): string {
  const ours = 'for name in "bpfilter_$1" "$1"; do nft list chain ip "$name" "$2" 2>/dev/null; done';
  const functions = `
exec 2>&1 </dev/null
for table in filter nat mangle raw security; do
  iptables-legacy -t "$table" -N first && iptables-legacy -t "$table" -X first
done
save() {
  echo "${mark}save"
  iptables-legacy-save -t "$1"
  ${looksAtNft ? `echo "${mark}chain"; ${ours}` : ':'}
}
ended() { status=$?; echo; echo "${mark}status $status"; }
`;
  let known = new Set<string>();
  const body = files.flatMap(({ name, steps }) => [
    `echo '${mark}file ${name}'`,
    ...steps.flatMap((step) => {
      if (step.kind === 'command') {
        known = new Set();
        const command = step.command.replace(/^iptables\b/, 'iptables-legacy');
        return [`echo '${mark}command ${step.line}'`, command, 'ended'];
      }
      return step.chains.flatMap((chain) => {
        const place = `${step.table} ${chain}`;
        const before = known.has(place) ? [] : [`save ${place}`];
        known.add(place);
        return [`echo '${mark}rule ${step.line} ${place}'`, ...before, ...attempt(step, chain)];
      });
    }),
  ]);
  return [functions, ...body, `echo ${mark}end`, 'exit 0', ''].join('\n');
}

/** Appends the rule and, if that is accepted, takes it away again. */
function attempt({ table, rule }: RuleStep, chain: string): readonly string[] {
  return [
    `echo ${mark}said`,
    `if iptables-legacy -A ${chain} -t ${table} ${rule}`,
    `then ended; save ${table} ${chain}; echo ${mark}undone`,
    `iptables-legacy -D ${chain} -t ${table} ${rule} || iptables-legacy -t ${table} -F`,
    `save ${table} ${chain}`,
    'else ended; fi',
  ];
}

interface Part {
  readonly word: string;
  readonly argument: string;
  /** The chain that a rule is about, with its table. */
  readonly place: string;
  readonly text: string;
}

/** Reads what the script printed. Throws when it didn't come to its end. */
export function parseOutput(output: string): readonly FileResult[] {
  const parts = output.split(new RegExp(`^${mark}`, 'm')).map((text): Part => {
    const end = text.indexOf('\n');
    const [word = '', argument = '', ...place] = text.slice(0, end).split(' ');
    return { word, argument, place: place.join(' '), text: text.slice(end + 1) };
  });
  if (parts.at(-1)?.word !== 'end') throw new Error(`the tests stopped: ${output.slice(-500)}`);
  const left = new Map<string, State>();
  return split(parts, ['file', 'end'])
    .filter(([first]) => first?.word === 'file')
    .map(([first, ...rest]) => fileResult(first?.argument ?? '', rest, left));
}

/** What a table and a chain looked like. */
interface State {
  readonly saved: readonly string[];
  /** Rules in nftables; undefined where it isn't looked at. */
  readonly rules: number | undefined;
}

/** Cut before each part of these words. */
function split(parts: readonly Part[], words: readonly string[]): readonly (readonly Part[])[] {
  const groups: Part[][] = [];
  for (const part of parts) {
    if (words.includes(part.word) || groups.length === 0) groups.push([]);
    groups.at(-1)?.push(part);
  }
  return groups;
}

/** `left` is what each chain was left like by the last rule in it, with its table. */
function fileResult(name: string, parts: readonly Part[], left: Map<string, State>): FileResult {
  const rules = new Map<number, ChainResult[]>();
  const commands = new Map<number, CommandResult>();
  for (const [first, ...rest] of split(parts, ['rule', 'command'])) {
    if (first === undefined) continue;
    const line = Number(first.argument);
    const status = Number(rest.find(({ word }) => word === 'status')?.argument);
    if (first.word === 'command') {
      commands.set(line, { status });
      left.clear();
      continue;
    }
    const states = statesIn(rest);
    const known = left.get(first.place);
    const [before, after, end] = known === undefined ? states : [known, ...states];
    left.set(first.place, end ?? before ?? nothing);
    const said = rest.find(({ word }) => word === 'said')?.text.trim() ?? '';
    rules.set(line, [...(rules.get(line) ?? []), { status, said, ...changes(before, after, end) }]);
  }
  return { name, rules, commands };
}

const nothing: State = { saved: [], rules: undefined };

function statesIn(parts: readonly Part[]): readonly State[] {
  const chains = parts.filter(({ word }) => word === 'chain').map(({ text }) => countersIn(text));
  return parts
    .filter(({ word }) => word === 'save')
    .map(({ text }, at) => ({ saved: linesOf(text), rules: chains[at] }));
}

function changes(before = nothing, after = nothing, end = nothing): Pick<ChainResult, 'saved' | 'undone' | 'inForce'> {
  return {
    saved: after.saved.filter((line) => !before.saved.includes(line)),
    undone: before.saved.join('\n') === end.saved.join('\n'),
    inForce: after.rules === undefined || before.rules === undefined ? undefined : after.rules - before.rules,
  };
}

/**
 * Our rules in a chain as nft lists it, in a table of our own name or, where the kernel's extensions want
 * that, of iptables' name: one of iptables' may be several of nft's, all with the same counter.
 */
function countersIn(listing: string): number {
  return new Set(listing.match(/counter name "\w+"/g)).size;
}

/** Lines but for iptables-save's comments, which hold the date. */
function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
