import { describeTarget } from '../testing/describe-target.ts';
import { type TosTargetInfo, tosTarget } from './tos.ts';

const fixed = 'ip checksum 65535 ip checksum set 0';
const tos = (tos_value: number, tos_mask: number): TosTargetInfo => ({ tos_value, tos_mask });

/** The checksum is made to follow a bit that is so, and will change; nft lists raw and named alike. */
function follows(bit: string, old: string): readonly string[] {
  const number = Number(bit);
  const id = `ip id set ip id ^ ${number} ip id set ip id ^ ${number}`;
  const others = old === bit ? [number, 0] : [0, number];
  return others.map((other) => `@nh,8,8 & ${bit} == ${old} ip id & ${number} == ${other} ${id}`);
}

describeTarget(tosTarget, {
  sizes: { 1: 2 },
  structs: [{ revision: 1, hex: '103f', info: tos(0x10, 0x3f) }],
  texts: [
    {
      info: tos(0x10, 0x3f),
      words: '  TOS setMinimize-Delay',
      numeric: ' TOS set 0x10/0x3f',
      saved: ' --set-tos 0x10/0x3f',
    },
    {
      info: tos(0, 0x3f),
      words: '  TOS setNormal-Service',
      numeric: ' TOS set 0x00/0x3f',
      saved: ' --set-tos 0x00/0x3f',
    },
    { info: tos(0x20, 0x3f), numeric: ' TOS set 0x20/0x3f', saved: ' --set-tos 0x20/0x3f' },
    { info: tos(0, 0x0f), words: ' TOS and 0xf0', numeric: ' TOS set 0x00/0x0f', saved: ' --set-tos 0x00/0x0f' },
    { info: tos(3, 3), words: ' TOS or 0x03', numeric: ' TOS set 0x03/0x03', saved: ' --set-tos 0x03/0x03' },
    { info: tos(3, 0), words: ' TOS xor 0x03', numeric: ' TOS set 0x03/0x00', saved: ' --set-tos 0x03/0x00' },
    { info: tos(0x12, 0xff), numeric: ' TOS set 0x12/0xff', saved: ' --set-tos 0x12/0xff' },
  ],
  nft: [
    { info: tos(0, 0), lists: [] },
    { info: tos(0x2e, 0xff), lists: [`@nh,8,8 != 0x2e-0x2e ip dscp set 0x0b ip ecn set ect0 ${fixed}`] },
    { info: tos(0xb8, 0xfc), lists: [`ip dscp != ef ip dscp set ef ${fixed}`] },
    { info: tos(2, 3), lists: [`ip ecn != ect0 ip ecn set ect0 ${fixed}`] },
    {
      info: tos(0x10, 0x3f),
      lists: [
        `@nh,8,8 & 0xc0 == 0x0 @nh,8,8 != 0x10-0x10 ip dscp set 0x04 ip ecn set not-ect ${fixed}`,
        `@nh,8,8 & 0xc0 == 0x40 @nh,8,8 != 0x50-0x50 ip dscp set af22 ip ecn set not-ect ${fixed}`,
        `@nh,8,8 & 0xc0 == 0x80 @nh,8,8 != 0x90-0x90 ip dscp set af42 ip ecn set not-ect ${fixed}`,
        `@nh,8,8 & 0xc0 == 0xc0 @nh,8,8 != 0xd0-0xd0 ip dscp set 0x34 ip ecn set not-ect ${fixed}`,
      ],
    },
    {
      info: tos(0x0c, 0x0c),
      lists: [
        ...['0x4', '0x8'].flatMap((bit) => follows(bit, '0x0')),
        `@nh,8,8 & 0xc != 0xc @nh,0,16 set @nh,0,16 | 0xc ${fixed}`,
      ],
    },
    {
      info: tos(0, 0x0c),
      lists: [
        ...['0x4', '0x8'].flatMap((bit) => follows(bit, bit)),
        `@nh,8,8 & 0xc != 0x0 @nh,0,16 set @nh,0,16 & 0xc ${fixed}`,
      ],
    },
    {
      info: tos(0x12, 0),
      lists: [
        ...['0x2', '0x10'].flatMap((bit) => [...follows(bit, '0x0'), ...follows(bit, bit)]),
        `@nh,0,16 set @nh,0,16 ^ 0x12 ${fixed}`,
      ],
    },
    {
      info: tos(0x50, 0x3f),
      lists: [
        ...['0x1', '0x2', '0x4', '0x8'].flatMap((bit) => follows(bit, bit)),
        ...follows('0x10', '0x0'),
        ...follows('0x20', '0x20'),
        ...follows('0x40', '0x0'),
        ...follows('0x40', '0x40'),
        `@nh,0,16 set @nh,0,16 & 0xffd0 ^ 0x40 | 0x10 ${fixed}`,
      ],
    },
  ],
});
