import { describeMatch } from '../testing/describe-match.ts';
import { helper } from './helper.ts';

describeMatch(helper, {
  sizes: { 0: 36 },
  examples: [
    {
      hex: '00000000667470',
      list: ' helper match "ftp"',
      save: ' --helper ftp',
      nft: {
        alternatives: [[{ match: { op: '==', left: { ct: { key: 'helper' } }, right: { set: ['f', 'ft', 'ftp'] } } }]],
      },
    },
    {
      hex: '01000000612062',
      list: ' helper match ! "a b"',
      save: ' ! --helper "a b"',
      nft: "nft can't take packets whose connection ",
    },
    {
      hex: '000000006674702d32313231',
      list: ' helper match "ftp-2121"',
      save: ' --helper ftp-2121',
      nft: {
        alternatives: [
          [
            {
              match: {
                op: '==',
                left: { ct: { key: 'helper' } },
                right: { set: ['f', 'ft', 'ftp', 'ftp-', 'ftp-2', 'ftp-21', 'ftp-212', 'ftp-2121'] },
              },
            },
          ],
        ],
      },
    },
    {
      hex: '000000006162636465666768696a6b6c6d6e6f707172737475767778797a616263',
      list: ' helper match "abcdefghijklmnopqrstuvwxyzabc"',
      save: ' --helper abcdefghijklmnopqrstuvwxyzabc',
      nft: {
        alternatives: [
          [
            {
              match: {
                op: '==',
                left: { ct: { key: 'helper' } },
                right: {
                  set: [
                    'a',
                    'ab',
                    'abc',
                    'abcd',
                    'abcde',
                    'abcdef',
                    'abcdefg',
                    'abcdefgh',
                    'abcdefghi',
                    'abcdefghij',
                    'abcdefghijk',
                    'abcdefghijkl',
                    'abcdefghijklm',
                    'abcdefghijklmn',
                    'abcdefghijklmno',
                  ],
                },
              },
            },
          ],
        ],
      },
    },
    {
      hex: '0000000066',
      list: ' helper match "f"',
      save: ' --helper f',
      nft: { alternatives: [[{ match: { op: '==', left: { ct: { key: 'helper' } }, right: 'f' } }]] },
    },
    // raw: no name takes any helper; an inversion by any number
    { hex: '', list: ' helper match ""', save: ' --helper ""', nft: 'any helper' },
    { hex: '000001006661', list: ' helper match ! "fa"', save: ' ! --helper fa', nft: 'no helper expected' },
    { hex: '00000000662a', list: ' helper match "f*"', save: ' --helper "f*"', nft: 'in its own way' },
  ],
  checks: [{ hex: '07', errno: 0 }],
});
