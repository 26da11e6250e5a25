import { describeTarget } from '../testing/describe-target.ts';
import { type TosTargetInfo, tosTarget } from './tos.ts';

const fixed = 'ip checksum 65535 ip checksum set 0';
const tos = (tos_value: number, tos_mask: number): TosTargetInfo => ({ tos_value, tos_mask });

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
        `@nh,8,8 & 0xf0 == 0x0 ip dscp != 0x03 ip dscp set 0x03 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x10 ip dscp != 0x07 ip dscp set 0x07 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x20 ip dscp != 0x0b ip dscp set 0x0b ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x30 ip dscp != 0x0f ip dscp set 0x0f ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x40 ip dscp != 0x13 ip dscp set 0x13 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x50 ip dscp != 0x17 ip dscp set 0x17 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x60 ip dscp != 0x1b ip dscp set 0x1b ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x70 ip dscp != 0x1f ip dscp set 0x1f ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x80 ip dscp != 0x23 ip dscp set 0x23 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0x90 ip dscp != 0x27 ip dscp set 0x27 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xa0 ip dscp != 0x2b ip dscp set 0x2b ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xb0 ip dscp != 0x2f ip dscp set 0x2f ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xc0 ip dscp != 0x33 ip dscp set 0x33 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xd0 ip dscp != 0x37 ip dscp set 0x37 ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xe0 ip dscp != 0x3b ip dscp set 0x3b ${fixed}`,
        `@nh,8,8 & 0xf0 == 0xf0 ip dscp != 0x3f ip dscp set 0x3f ${fixed}`,
      ],
    },
    { info: tos(0x50, 0x3f), lists: 'inverts bits' },
  ],
});
