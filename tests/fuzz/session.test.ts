import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.ts';
import { growth, leak, type MemorySample } from './memory.ts';
import { mutationNames } from './mutate.ts';
import { report } from './report.ts';
import { loadSession, newSession, type Session, saveSession } from './session.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bpfilter-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What hangs on the inputs alone. */
function outcome({ figures, rounds, inputs, structKinds, recorded }: Session): unknown {
  const { seconds, cpuSeconds, slowest, ...counts } = figures;
  return { counts, rounds, kinds: [...inputs.kinds], structKinds: [...structKinds], recorded };
}

function run(session: Session, blobs: number, roundBlobs: number): Session {
  const found = fuzz(session, { blobs, roundBlobs });
  if (found !== undefined) throw found.violation;
  return session;
}

describe('a run', () => {
  it('that is gone on with from its file is the same as one in one go', () => {
    const file = join(folder, 'session');
    const whole = run(newSession(3), 1500, 500);
    saveSession(file, run(newSession(3), 500, 500));
    const later = loadSession(file);
    expect(later?.rounds).toBe(1);
    if (later !== undefined) expect(outcome(run(later, 1500, 500))).toEqual(outcome(whole));
    expect(whole.figures.blobs.all).toBe(1500);
  });

  it('of another seed has other inputs, and so has the next round', () => {
    const kinds = (session: Session) => [...session.inputs.kinds].join('\n');
    const [one, other] = [run(newSession(3), 300, 300), run(newSession(4), 300, 300)];
    expect(kinds(one)).not.toBe(kinds(other));
    const first = structuredClone(one.figures.blobs);
    const second = run(one, 600, 300).figures.blobs;
    expect(second.accepted - first.accepted).not.toBe(first.accepted);
  });

  it('stops after so many seconds, too', () => {
    const session = newSession(5);
    expect(fuzz(session, { seconds: 0.2 })).toBeUndefined();
    expect(session.figures.seconds).toBeGreaterThanOrEqual(0.2);
    expect(session.rounds).toBe(1);
  });

  it('is told of with each kind of mutation', () => {
    const text = report(run(newSession(6), 300, 100));
    for (const name of mutationNames) expect(text).toContain(name);
    expect(text).toMatch(/accepted +\d+ +\d+\.\d %/);
    expect(text).toContain('EINVAL');
  });

  it('of a fuzzer with other mutations is refused', () => {
    const file = join(folder, 'session');
    saveSession(file, newSession(1));
    expect(loadSession(join(folder, 'none'))).toBeUndefined();
    writeFileSync(file, JSON.stringify({ mutations: ['other'] }));
    expect(() => loadSession(file)).toThrow('another version');
  });
});

describe('growth of memory', () => {
  const every = 50_000;
  /** The collector leaves up to 20 MB more or less. */
  const samples = (perBlob: number, jump: number): MemorySample[] =>
    Array.from({ length: 100 }, (_, at) => ({
      blobs: every * at,
      heap: 5e7 + (at > 30 ? jump : 0) + every * at * perBlob + 5e6 * ((at * 7) % 5),
      rss: 0,
      process: 1,
    }));
  it.each([
    { title: 'none', perBlob: 0, jump: 0, leaks: false },
    { title: 'none but at the beginning', perBlob: 0, jump: 3e7, leaks: false },
    { title: '3 bytes a blob', perBlob: 3, jump: 0, leaks: false },
    { title: '20 bytes a blob', perBlob: 20, jump: 0, leaks: true },
  ])('$title', ({ perBlob, jump, leaks }) => {
    const seen = samples(perBlob, jump);
    expect(Math.abs((growth(seen, 'heap') ?? Number.NaN) - perBlob)).toBeLessThan(1);
    expect(leak(seen) !== undefined).toBe(leaks);
  });

  it('says nothing of few samples, nor of another process', () => {
    const [first, ...rest] = samples(100, 0);
    expect(growth(rest.slice(0, 20), 'heap')).toBeUndefined();
    expect(leak([...rest, { ...(first as MemorySample), process: 2 }])).toBeUndefined();
  });
});
