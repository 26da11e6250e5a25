import { type Debugger, type Profiler, Session } from 'node:inspector';

/** A block of a file that never ran, by the text it begins with. */
export interface Missed {
  readonly file: string;
  readonly text: string;
}

/** Blocks of code, as V8 counts them: one for each function and each branch in it. */
export interface Branches {
  readonly all: number;
  readonly run: number;
  readonly missed: readonly Missed[];
}

/**
 * Counts from now on which blocks of code run, of modules that are loaded afterwards.
 *
 * @returns tells, once, what ran of the files that `wanted` takes
 */
export function watchBranches(): (wanted: (file: string) => boolean) => Branches {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  let scripts: readonly Profiler.ScriptCoverage[] | undefined;
  const sources = new Map<string, string>();
  return (wanted) => {
    if (scripts === undefined) {
      session.post('Profiler.takePreciseCoverage', (error, taken) => {
        if (error !== null) throw error;
        scripts = taken.result;
      });
      session.post('Debugger.enable');
    }
    const found = { all: 0, run: 0, missed: [] as Missed[] };
    for (const script of scripts ?? []) {
      const file = script.url.replace(/^file:\/\//, '').replace(/\?.*$/, '');
      if (!wanted(file)) continue;
      const source = sources.get(script.scriptId) ?? sourceOf(session, script.scriptId);
      sources.set(script.scriptId, source);
      for (const { ranges, functionName } of script.functions) {
        // A helper of the transpiler's.
        if (functionName === '__name') continue;
        for (const { startOffset, endOffset, count } of ranges) {
          found.all += 1;
          if (count > 0) found.run += 1;
          else
            found.missed.push({ file, text: source.slice(startOffset, Math.min(endOffset, startOffset + 120)).trim() });
        }
      }
    }
    return found;
  };
}

function sourceOf(session: Session, scriptId: string): string {
  let source = '';
  session.post('Debugger.getScriptSource', { scriptId }, (error, found: Debugger.GetScriptSourceReturnType) => {
    if (error === null) source = found.scriptSource;
  });
  return source;
}
