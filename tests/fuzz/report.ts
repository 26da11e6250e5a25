import { constants } from 'node:os';
import { ofValid, type Share } from './figures.ts';
import { growth } from './memory.ts';
import { mutationNames } from './mutate.ts';
import type { Session } from './session.ts';

const number = (value: number): string => Math.round(value).toLocaleString('en');
const percent = (part: number, all: number): string => `${((100 * part) / Math.max(1, all)).toFixed(1)} %`;
const megabytes = (bytes: number): string => `${number(bytes / 2 ** 20)} MB`;

function nameOf(errno: number): string {
  if (errno === 0) return 'accepted';
  const found = Object.entries(constants.errno).find(([, value]) => value === errno);
  return found?.[0] ?? `errno ${errno}`;
}

/** How far it is, in one line. */
export function progressLine({ figures, inputs, structKinds, seed, rounds }: Session): string {
  const { blobs, structs, slowest, seconds, cpuSeconds } = figures;
  return [
    `seed ${seed} round ${rounds}`,
    `${number(seconds)} s`,
    `${number(blobs.all)} blobs (${number(blobs.all / Math.max(1, seconds))}/s, ${number(blobs.all / Math.max(1, cpuSeconds))} a second of CPU)`,
    `${percent(ofValid(figures), blobs.all)} of valid ones`,
    `${percent(blobs.accepted, blobs.all)} accepted`,
    `${number(structs.all)} structs`,
    `${number(inputs.kinds.size + structKinds.size)} kinds of answers`,
    `slowest ${slowest.ms.toFixed(1)} ms`,
    megabytes(process.memoryUsage.rss()),
  ].join(', ');
}

/** What a whole run did. */
export function report(session: Session): string {
  const { figures, memory } = session;
  const { blobs, byErrno, byOrigin, byMutation, slowest } = figures;
  const row = (name: string, { all, accepted }: Share): string =>
    `  ${name.padEnd(40)}${number(all).padStart(12)}${percent(accepted, all).padStart(9)} accepted`;
  const slope = (what: 'heap' | 'rss'): string => {
    const perBlob = growth(memory, what);
    return perBlob === undefined ? 'too few samples' : `${perBlob.toFixed(2)} bytes a blob`;
  };
  const last = memory.at(-1);
  return [
    progressLine(session),
    'by origin:',
    ...Object.entries(byOrigin).map(([name, share]) => row(name, share)),
    'by what was done to the blob:',
    ...byMutation.map((share, index) => row(mutationNames[index] ?? '', share)),
    'by answer:',
    ...Object.entries(byErrno)
      .sort(([, a], [, b]) => b - a)
      .map(([errno, all]) => {
        return `  ${nameOf(Number(errno)).padEnd(40)}${number(all).padStart(12)}${percent(all, blobs.all).padStart(9)}`;
      }),
    `looked at after a table that was accepted before: ${number(figures.afterAnother)}`,
    `largest blob: ${number(figures.largest)} bytes; slowest: ${slowest.ms.toFixed(1)} ms, of ${number(slowest.bytes)} bytes`,
    `memory: heap ${megabytes(last?.heap ?? 0)}, grows by ${slope('heap')}; RSS ${megabytes(last?.rss ?? 0)}, grows by ${slope('rss')}`,
  ].join('\n');
}
