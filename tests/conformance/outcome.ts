import type { RuleStep } from './parse.ts';
import type { ChainResult, FileResult, TestFile } from './script.ts';

/** What the kernel's own ip_tables and ours made of one line of a test file. */
export interface LineOutcome {
  /** `libxt_tcp.t:5` */
  readonly place: string;
  readonly step: RuleStep;
  /** What the test says is wrong natively; undefined when it comes out right there. */
  readonly native: string | undefined;
  /** In what ours isn't what the kernel's own is; undefined when it is the same. */
  readonly ours: Difference | undefined;
}

export interface Difference {
  /**
   * Refused only by us, or by both in other words; accepted only by us; nothing in nftables; or something else: texts,
   * what `-D` leaves, too much in force.
   */
  readonly kind: 'refused' | 'accepted' | 'idle' | 'other';
  /** With the chain it happened in. */
  readonly text: string;
}

/** Every rule line of the files, in order. Throws when a result is missing. */
export function outcomes(
  files: readonly TestFile[],
  native: readonly FileResult[],
  ours: readonly FileResult[],
): readonly LineOutcome[] {
  return files.flatMap(({ name, steps }) => {
    const kernel = fileOf(native, name);
    const mine = fileOf(ours, name);
    return steps
      .filter((step) => step.kind === 'rule')
      .map((step) => lineOutcome(name, step, kernel.rules.get(step.line) ?? [], mine.rules.get(step.line) ?? []));
  });
}

function fileOf(results: readonly FileResult[], name: string): FileResult {
  const found = results.find((result) => result.name === name);
  if (found === undefined) throw new Error(`${name}: no result`);
  return found;
}

function lineOutcome(
  name: string,
  step: RuleStep,
  native: readonly ChainResult[],
  ours: readonly ChainResult[],
): LineOutcome {
  const place = `${name}:${step.line}`;
  if (native.length !== step.chains.length || ours.length !== step.chains.length) {
    throw new Error(`${place}: a result is missing`);
  }
  const both = step.chains.flatMap((chain, at) => {
    const kernel = native[at];
    const mine = ours[at];
    return kernel === undefined || mine === undefined ? [] : [{ chain, kernel, mine }];
  });
  return {
    place,
    step,
    native: both.map(({ chain, kernel }) => wrong(step, chain, kernel)).find((text) => text !== undefined),
    ours: worst(
      both.flatMap(({ chain, kernel, mine }): Difference[] => {
        const found = difference(kernel, mine);
        return found === undefined ? [] : [{ kind: found.kind, text: `${chain}: ${found.text}` }];
      }),
    ),
  };
}

/** What matters most of what differs in several chains. */
function worst(differences: readonly Difference[]): Difference | undefined {
  return (
    differences.find(({ kind }) => kind === 'accepted') ??
    differences.find(({ kind }) => kind === 'other') ??
    differences[0]
  );
}

/** What iptables' own test runner would object to. */
function wrong({ accepted, saved }: RuleStep, chain: string, result: ChainResult): string | undefined {
  if ((result.status === 0) !== accepted) return accepted ? `refused: ${oneLine(result.said)}` : 'accepted';
  if (!accepted) return undefined;
  if (!result.saved.some((line) => line.includes(`${chain} ${saved}`))) return `saved as ${result.saved.join(' | ')}`;
  return result.undone ? undefined : '-D leaves something behind';
}

function difference(kernel: ChainResult, mine: ChainResult): Difference | undefined {
  if (kernel.status !== 0 && mine.status === 0) {
    return { kind: 'accepted', text: `accepted, by the kernel refused: ${oneLine(kernel.said)}` };
  }
  if (kernel.status === 0 && mine.status !== 0) return { kind: 'refused', text: `refused: ${oneLine(mine.said)}` };
  const text = otherDifference(kernel, mine);
  const isWords = kernel.status !== 0 && otherDifference(kernel, { ...mine, said: kernel.said }) === undefined;
  if (text !== undefined) return { kind: isWords ? 'refused' : 'other', text };
  return mine.status === 0 && mine.inForce === 0
    ? { kind: 'idle', text: 'not in force: no rule more in nftables' }
    : undefined;
}

function otherDifference(kernel: ChainResult, mine: ChainResult): string | undefined {
  if (kernel.status !== mine.status) return `status ${mine.status}, the kernel's is ${kernel.status}`;
  if (kernel.said !== mine.said) return `says "${oneLine(mine.said)}", natively "${oneLine(kernel.said)}"`;
  const [natively, saved] = [kernel, mine].map((result) => result.saved.join(' | '));
  if (natively !== saved) return `saved as ${saved}, natively ${natively}`;
  if (mine.undone !== kernel.undone) return '-D leaves something behind';
  if (mine.status === 0 && mine.inForce !== 0 && mine.inForce !== 1)
    return `in force: ${mine.inForce} rules more in nftables`;
  return undefined;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' | ');
}
