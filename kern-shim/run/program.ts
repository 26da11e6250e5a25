import fs from 'node:fs';
import path from 'node:path';
import { errno } from '../../protocol/errno.ts';
import { BpfilterError } from '../../protocol/error.ts';
import { findProgram } from './legacy-path.ts';

/** Exit statuses as env(1) and the shells have them: `run` itself failed, and why CMD wasn't executed. */
export const exitNotRun = 125;
const exitNotFound = 127;
const exitNotExecutable = 126;

/** A program to be executed, and how a shell would have it. */
export interface Program {
  /** Its file; the command itself when none was found, for exec to say what is wrong with it. */
  readonly file: string | Uint8Array;
  /** With the name. */
  readonly argv: readonly Uint8Array[];
}

/** Looks CMD up in a PATH, as execvp(3) does: also what may not be executed is found, when nothing better is. */
export function lookUp(argv: readonly Uint8Array[], searchPath: string): Program {
  const [name = new Uint8Array(0)] = argv;
  const command = Buffer.from(name).toString();
  if (command.includes('/')) return { file: name, argv };
  const found = command === '' ? undefined : (findProgram(command, searchPath) ?? findFile(command, searchPath));
  return { file: found ?? new Uint8Array(0), argv };
}

/**
 * Executes a program by `exec`; a script without `#!` goes to the shell, as execvp(3) has it.
 *
 * @throws what exec threw
 */
export function executeBy<T>(
  program: Program,
  exec: (file: string | Uint8Array, argv: readonly (string | Uint8Array)[]) => T,
): T {
  try {
    return exec(program.file, program.argv);
  } catch (error) {
    if (!(error instanceof BpfilterError && error.errno === errno.ENOEXEC)) throw error;
    return exec('/bin/sh', ['sh', program.file, ...program.argv.slice(1)]);
  }
}

/** The status and words of a shell for an exec that failed; undefined when that isn't what went wrong. */
export function notExecuted(
  failed: number | undefined,
): { readonly status: number; readonly text: string } | undefined {
  switch (failed) {
    case undefined:
      return undefined;
    case errno.ENOENT:
      return { status: exitNotFound, text: 'command not found' };
    case errno.EACCES:
      return { status: exitNotExecutable, text: 'Permission denied' };
    default:
      return { status: exitNotExecutable, text: `can't be executed (errno ${failed})` };
  }
}

function findFile(command: string, searchPath: string): string | undefined {
  const candidates = searchPath.split(':').map((folder) => path.join(folder || '.', command));
  return candidates.find((file) => fs.existsSync(file));
}
