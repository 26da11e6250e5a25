import { describeTarget } from '../testing/describe-target.ts';
import { type TcpoptstripTargetInfo, tcpoptstripTarget } from './tcpoptstrip.ts';

function kinds(...wanted: readonly number[]): TcpoptstripTargetInfo {
  const words = Array.from({ length: 8 }, () => 0);
  for (const kind of wanted) words[kind >> 5] = ((words[kind >> 5] ?? 0) | (1 << (kind & 31))) >>> 0;
  return { strip_bmap: words };
}

describeTarget(tcpoptstripTarget, {
  sizes: { 0: 32 },
  structs: [
    { revision: 0, hex: `0400000001000000${'00'.repeat(20)}00000080`, info: kinds(2, 32, 255) },
    { revision: 0, hex: '', info: kinds() },
  ],
  texts: [
    { info: kinds(), numeric: '', saved: '' },
    {
      info: kinds(2, 3, 4, 5, 8, 19),
      words: ' TCPOPTSTRIP options mss,wscale,sack-permitted,sack,timestamp,md5',
      numeric: ' TCPOPTSTRIP options 2,3,4,5,8,19',
      saved: ' --strip-options 2,3,4,5,8,19',
    },
    {
      info: kinds(31, 32, 255),
      numeric: ' TCPOPTSTRIP options 31,32,255',
      saved: ' --strip-options 31,32,255',
    },
  ],
  nft: [{ info: kinds(2), lists: 'first occurrence' }],
});
