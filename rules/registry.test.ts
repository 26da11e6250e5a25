import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../protocol/error.ts';
import { matches, targets } from './registry.gen.ts';
import { answerRevision, findMatch, findTarget, isBuiltinTarget, revisions } from './registry.ts';

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return error instanceof BpfilterError ? error.code : String(error);
  }
}

describe('findMatch and findTarget', () => {
  it('find what is there', () => {
    for (const match of matches) {
      for (const revision of revisions('match', match.name)) {
        expect(findMatch(match.name, revision)).toEqual({ definition: match, revision: match.revisions[revision] });
      }
    }
    for (const target of targets) {
      for (const revision of revisions('target', target.name)) {
        expect(findTarget(target.name, revision).definition).toBe(target);
      }
    }
  });

  // each asked of ip_tables itself, in a replace with revision 9
  it.each([
    ['tcp', 'no-such-extension'],
    ['udp', 'no-such-extension'],
    ['icmp', 'no-such-extension'],
    ['multiport', 'no-such-extension'],
    ['comment', 'no-such-revision'],
    ['limit', 'no-such-revision'],
    ['conntrack', 'no-such-revision'],
    ['state', 'no-such-revision'],
    ['mark', 'no-such-revision'],
    ['recent', 'no-such-extension'],
    ['hashlimit', 'no-such-extension'],
    ['policy', 'no-such-extension'],
    ['physdev', 'no-such-extension'],
    ['osf', 'no-such-extension'],
    ['set', 'no-such-extension'],
    ['cluster', 'no-such-extension'],
    ['l2tp', 'no-such-extension'],
    ['string', 'no-such-revision'],
    ['u32', 'no-such-revision'],
    ['bpf', 'no-such-revision'],
    ['rateest', 'no-such-revision'],
    ['nfacct', 'no-such-revision'],
    ['nosuch', 'no-such-extension'],
    ['', 'no-such-extension'],
    ['constructor', 'no-such-extension'],
    ['x'.repeat(28), 'no-such-extension'],
    ['x'.repeat(29), 'malformed'],
  ])('match %s, revision 9: %s', (name, code) => expect(codeOf(() => findMatch(name, 9))).toBe(code));

  it.each([
    ['REJECT', 'no-such-extension'],
    ['LOG', 'no-such-extension'],
    ['MARK', 'no-such-extension'],
    ['', 'no-such-extension'],
    ['ERROR', 'no-such-extension'],
  ])('target %s, revision 9: %s', (name, code) => expect(codeOf(() => findTarget(name, 9))).toBe(code));
});

describe('answerRevision', () => {
  it.each([
    ['match', 'tcp', 0, 0],
    ['match', 'multiport', 1, 1],
    ['match', 'conntrack', 1, 3],
    ['target', '', 0, 0],
    ['target', 'ERROR', 0, 0],
    ['target', 'MARK', 2, 2],
  ] as const)('%s %s %i: %i', (kind, name, revision, best) => {
    expect(answerRevision(kind, name, revision)).toBe(best);
  });

  it.each([
    ['match', 'multiport', 0, 'revision-unsupported'],
    ['match', 'conntrack', 4, 'revision-unsupported'],
    ['target', '', 1, 'revision-unsupported'],
    ['match', '', 0, 'no-such-extension'],
    ['match', 'REJECT', 0, 'no-such-extension'],
    ['target', 'nosuch', 0, 'no-such-extension'],
  ] as const)('%s %s %i: %s', (kind, name, revision, code) => {
    expect(codeOf(() => answerRevision(kind, name, revision))).toBe(code);
  });
});

it('knows the targets that are no extensions', () => {
  expect(['', 'ERROR', 'LOG'].map((name) => isBuiltinTarget(name, 0))).toEqual([true, true, false]);
  expect(isBuiltinTarget('', 1)).toBe(false);
});

it('a revision decodes and encodes its own size', () => {
  for (const { name, revisions } of [...matches, ...targets]) {
    for (const [number, { size, decode, encode }] of Object.entries(revisions)) {
      expect(encode(decode(new Uint8Array(size))), `${name} ${number}`).toEqual(new Uint8Array(size));
    }
  }
});
