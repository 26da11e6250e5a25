import { describe, expect, it } from 'vitest';
import { checking, texts } from '../testing/context.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { headerOf } from '../testing/header.ts';
import { comment } from './comment.ts';

const header = headerOf(0);

function of(text: string, encoding: 'utf8' | 'latin1' = 'utf8') {
  const room = new Uint8Array(256);
  room.set(Buffer.from(text, encoding).subarray(0, 256));
  return { comment: room };
}

const latin1 = (text: string) => Buffer.from(text).toString('latin1');

describe('comment', () => {
  it.each([
    { text: 'web', list: ' /* web */', save: ' --comment web', nft: 'web' },
    { text: 'two words', list: ' /* two words */', save: ' --comment "two words"', nft: 'two words' },
    { text: '', list: ' /*  */', save: ' --comment ""', nft: '' },
    {
      text: `it's "so" \\`,
      list: ` /* it's "so" \\ */`,
      save: ` --comment "it\\'s \\"so\\" \\\\"`,
      nft: `it's 'so' \\`,
    },
    { text: 'é', list: ` /* ${latin1('é')} */`, save: ` --comment "${latin1('é')}"`, nft: 'é' },
    { text: 'a\nb', list: ' /* a\nb */', save: ' --comment "a\nb"', nft: 'a b' },
  ])('$text', ({ text, list, save, nft }) => {
    comment.check(of(text), checking(header));
    expect(texts(comment, of(text), header)).toEqual([list, list, save]);
    expect(comment.nft(of(text), checking(header))).toEqual({ alternatives: [[]], comment: nft });
  });

  it('ends at the last byte even without a NUL', () => {
    expect(comment.save(of('x'.repeat(256)), { header })).toBe(` --comment ${'x'.repeat(255)}`);
  });

  it('shows bytes that are no UTF-8 as they are numbered', () => {
    expect(comment.nft(of('caf\u00e9', 'latin1'), checking(header)).comment).toBe('café');
  });

  it('takes 256 bytes', () => expect(comment.revisions[0]?.size).toBe(256));
});

describeBpf(comment, { examples: [{ name: 'any text', info: of('web'), takes: [{}] }] });
