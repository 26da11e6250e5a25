/** The thread that fuzzes: says `progress` and `report`, ends when it is done. Its exit code is 1 after a violation. */
import { parentPort, workerData } from 'node:worker_threads';
import { CurrentInput } from './current-input.ts';
import { fuzz } from './fuzz.ts';
import { progressLine, report } from './report.ts';
import { loadSession, newSession, saveSession } from './session.ts';

export interface FuzzWorkerData {
  readonly seed: number;
  readonly seconds: number | undefined;
  readonly blobs: number | undefined;
  readonly every: number;
  /** Where the session is written to, and gone on from if it exists. */
  readonly file: string;
  readonly shared: SharedArrayBuffer;
}

const { seed, seconds, blobs, every, file, shared } = workerData as FuzzWorkerData;
const current = new CurrentInput(shared);
const say = (line: string): void => parentPort?.postMessage(line);

const session = loadSession(file) ?? newSession(seed);
say(session.rounds === 0 ? `seed ${seed}` : `goes on with ${file}: ${progressLine(session)}`);
const found = fuzz(session, {
  ...(seconds !== undefined && { seconds }),
  ...(blobs !== undefined && { blobs }),
  every,
  progress: (now) => say(progressLine(now)),
  roundOver: (now) => saveSession(file, now),
  show: (input) => current.show(input),
});
if (found === undefined) say(report(session));
else {
  const { cause, message } = found.violation;
  say(`seed ${session.seed} round ${session.rounds}: ${found.what}: ${message}`);
  say(cause instanceof Error ? String(cause.stack ?? cause) : '');
  say(found.hex);
  process.exitCode = 1;
}
