import { type Exit, exitStatus, parameterProblem, program, seeHelp } from './exit.ts';
import type { Getopt } from './getopt.ts';
import { help } from './help.ts';
import { leadingInteger, ruleNumber } from './numbers.ts';
import { setOption, type TrackedOption, trackedOptions } from './options.ts';

/** What was read of the command line so far. */
export interface ParseState {
  readonly seen: Set<TrackedOption>;
  table: string;
  command?: 'L' | 'S';
  chain?: string;
  ruleNumber?: number;
  verbose: number;
  /** A `!` stood before the option at hand. */
  invert: boolean;
  wait?: number;
  interval?: boolean;
  notice: string;
}

const maxInterval = 999_999;

/** What sscanf takes for %u. */
const startsWithNumber = /^[ \f\n\r\t\v]*[+-]?[0-9]+/;

/** Takes one option in; what ends the command, or undefined. */
export function applyOption(
  state: ParseState,
  option: string,
  argument: string | undefined,
  getopt: Getopt,
): Exit | undefined {
  switch (option) {
    case 'L':
    case 'S':
      return listCommand(state, option, argument, getopt);
    case 't':
      if (state.invert) return parameterProblem('unexpected ! flag before --table');
      state.table = argument ?? '';
      return undefined;
    case 'v':
      state.verbose += 1;
      return state.verbose > 1 ? undefined : setOption(state.seen, 'v', state.invert);
    case 'c':
      return setOption(state.seen, 'c', state.invert) ?? counters(argument ?? '', getopt);
    case 'g':
      return setOption(state.seen, 'j', state.invert);
    case 'm':
      // iptables loads the plugin, which changes nothing in a listing.
      return state.invert ? parameterProblem('unexpected ! flag before --match') : undefined;
    case 'M':
    case '4':
      return undefined;
    case '6':
      return seeHelp();
    case 'w':
      return waitSeconds(state, argument ?? getopt.takeWord());
    case 'W':
      return waitInterval(state, argument ?? getopt.takeWord());
    case 'h':
      return { kind: 'exit', status: exitStatus.done, stdout: help };
    case 'V':
      return { kind: 'exit', status: exitStatus.done, stdout: versionText(state.invert) };
    default:
      return isTracked(option) ? setOption(state.seen, option, state.invert) : otherCommand(option);
  }
}

function listCommand(
  state: ParseState,
  command: 'L' | 'S',
  argument: string | undefined,
  getopt: Getopt,
): Exit | undefined {
  if (state.invert) return parameterProblem("unexpected '!' flag");
  if (state.command !== undefined) return parameterProblem(`Cannot use -${command} with -${state.command}`);
  state.command = command;
  const chain = argument ?? getopt.takeWord();
  if (chain !== undefined) state.chain = chain;
  const word = getopt.takeWord();
  if (word === undefined) return undefined;
  const number = ruleNumber(word);
  if (number === undefined) return parameterProblem(`Invalid rule number \`${word}'`);
  state.ruleNumber = number;
  return undefined;
}

function waitSeconds(state: ParseState, text: string | undefined): Exit | undefined {
  const seconds = text === undefined ? -1 : leadingInteger(text);
  if (seconds === undefined) return parameterProblem('wait seconds not numeric');
  state.wait = seconds;
  return undefined;
}

function waitInterval(state: ParseState, text: string | undefined): Exit | undefined {
  if (text === undefined) return parameterProblem('wait interval value required');
  const [digits] = startsWithNumber.exec(text) ?? [];
  if (digits === undefined) return parameterProblem('wait interval not numeric');
  const interval = Number(digits);
  if (interval > maxInterval) return parameterProblem(`too long usec wait ${interval} > ${maxInterval} usec`);
  state.notice += 'Ignoring deprecated --wait-interval option.\n';
  state.interval = true;
  return undefined;
}

/** `-c PKTS BYTES` or `-c PKTS,BYTES`: read only to find fault with it, since no listing takes it. */
function counters(argument: string, getopt: Getopt): Exit | undefined {
  const comma = argument.indexOf(',', 1);
  const bytes = comma === -1 ? getopt.takeWord() : argument.slice(comma + 1);
  if (bytes === undefined) return parameterProblem('-c requires packet and byte counter');
  if (!startsWithNumber.test(argument)) return parameterProblem('-c packet counter not numeric');
  return startsWithNumber.test(bytes) ? undefined : parameterProblem('-c byte counter not numeric');
}

function versionText(inverted: boolean): string {
  return inverted ? `Not ${program.version} ;-)\n` : `${program.name} v${program.version}\n`;
}

function isTracked(option: string): option is TrackedOption {
  return (trackedOptions as readonly string[]).includes(option);
}

function otherCommand(option: string): Exit {
  const stderr = `bpfilter iptables: -${option} isn't done here, only -L and -S. Run: bpfilter run -- iptables ...\n`;
  return { kind: 'exit', status: exitStatus.parameter, stderr };
}
