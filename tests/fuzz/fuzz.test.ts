import { describe, expect, it } from 'vitest';
import { blobCases } from '../../rules/blob/testing/cases.ts';
import { randomFrom } from '../harness/random.ts';
import { ofValid } from './figures.ts';
import { fuzz } from './fuzz.ts';
import { mutate } from './mutate.ts';
import { examineBlob, Violation } from './oracle.ts';
import { newSession } from './session.ts';
import { knownRevisions } from './structs.ts';
import { validBlob } from './valid-blob.ts';

describe('the fuzzer', () => {
  it('has structs of every extension, most of them from iptables itself', () => {
    expect(knownRevisions.filter(({ samples }) => samples.length === 0)).toEqual([]);
    expect(knownRevisions.filter(({ samples }) => samples.length > 1).length).toBeGreaterThan(70);
  });

  it('starts from blobs that are mostly accepted', () => {
    const random = randomFrom(1);
    const verdicts = Array.from({ length: 400 }, () => examineBlob(validBlob(random), { deep: true }));
    expect(verdicts.filter(({ errno }) => errno === 0).length).toBeGreaterThan(200);
  });

  it('leaves what it mutates as it was', () => {
    const random = randomFrom(2);
    const blob = validBlob(random);
    const before = Uint8Array.from(blob);
    for (let round = 0; round < 500; round += 1) mutate(blob, random);
    expect(blob).toEqual(before);
  });

  it('would notice an error that is not ours', () => {
    const broken = new Proxy(new Uint8Array(200), {
      get: () => {
        throw new RangeError('broken');
      },
    });
    expect(() => examineBlob(broken, { deep: true })).toThrow(Violation);
  });

  it.each(blobCases.filter(({ expected }) => expected === ''))('takes the hand-made blob: $title', ({ blob }) => {
    expect(() => examineBlob(blob, { deep: true })).not.toThrow();
  });
});

describe('decoder, validator, extensions, translation', () => {
  it('only our own errors come out, in bounded time', () => {
    const session = newSession(5);
    const found = fuzz(session, { seconds: 30 });
    if (found !== undefined) throw found.violation;
    const { figures } = session;
    expect(figures.blobs.all).toBeGreaterThan(1000);
    expect(ofValid(figures) / figures.blobs.all).toBeGreaterThan(0.5);
    expect(figures.blobs.accepted).toBeGreaterThan(100);
    expect(figures.structs.all).toBeGreaterThan(100);
    expect(figures.byMutation.filter(({ all }) => all === 0)).toEqual([]);
  }, 120_000);
});
