import { XT_EXTENSION_MAXNAMELEN } from '../../protocol/x-tables.ts';
import { type Exit, parameterProblem, program, seeHelp } from './exit.ts';
import { Getopt } from './getopt.ts';
import { applyOption, type ParseState } from './option-actions.ts';
import { illegalOption } from './options.ts';

/** A listing that was asked for. Text is one char per byte (latin1). */
export interface ListRequest {
  readonly kind: 'list';
  readonly command: 'L' | 'S';
  readonly table: string;
  readonly chain: string | undefined;
  readonly ruleNumber: number | undefined;
  /** How often -v was given. */
  readonly verbose: number;
  readonly numeric: boolean;
  readonly exact: boolean;
  readonly lineNumbers: boolean;
  /** What goes to stderr before the listing. */
  readonly notice: string;
}

/**
 * Reads iptables' command line (without the program's name) as iptables 1.8.9 does (xshared.c,
 * do_parse), down to the texts and the order of its complaints. Only -L and -S are done here; other
 * commands end with advice. What belongs to rules (-s, -j, …) is noticed, as illegal with these
 * commands, but not read.
 */
export function parse(words: readonly string[]): ListRequest | Exit {
  const getopt = new Getopt([program.name, ...words]);
  const state: ParseState = { seen: new Set(), table: 'filter', verbose: 0, invert: false, notice: '' };
  const result = readOptions(state, getopt);
  // A notice stands before whatever iptables finds wrong afterwards.
  if (result.kind === 'list' || state.notice === '') return result;
  return { ...result, stderr: state.notice + (result.stderr ?? '') };
}

function readOptions(state: ParseState, getopt: Getopt): ListRequest | Exit {
  for (;;) {
    const step = getopt.step();
    if (step.kind === 'end') return request(state, getopt);
    if (step.kind === 'word' && step.word === '!') {
      if (state.invert) return parameterProblem('multiple consecutive ! not allowed');
      state.invert = true;
      continue;
    }
    if (step.kind === 'word') return seeHelp(`Bad argument \`${step.word}'\n`);
    if (step.kind === 'missing-argument') return parameterProblem(`option "${getopt.previous}" requires an argument`);
    if (step.kind === 'unknown') return parameterProblem(`unknown option "${getopt.previous}"`);
    const exit = applyOption(state, step.option, step.argument, getopt);
    if (exit !== undefined) return exit;
    state.invert = false;
  }
}

function request(state: ParseState, getopt: Getopt): ListRequest | Exit {
  const { command, chain, seen } = state;
  if (state.interval === true && (state.wait ?? 0) === 0) {
    return parameterProblem('--wait-interval only makes sense with --wait\n');
  }
  if (getopt.leftOver) return parameterProblem('unknown arguments found on commandline');
  if (command === undefined) return parameterProblem('no command specified');
  if (state.invert) return parameterProblem('nothing appropriate following !');
  const illegal = illegalOption(seen, command);
  if (illegal !== undefined) return illegal;
  if (chain !== undefined && chain.length >= XT_EXTENSION_MAXNAMELEN) {
    return parameterProblem(`chain name \`${chain}' too long (must be under ${XT_EXTENSION_MAXNAMELEN} chars)`);
  }
  return {
    kind: 'list',
    command,
    table: state.table,
    chain,
    ruleNumber: state.ruleNumber,
    verbose: state.verbose,
    numeric: seen.has('n'),
    exact: seen.has('x'),
    lineNumbers: seen.has('0'),
    notice: state.notice,
  };
}
