import { errno } from '../../protocol/errno.ts';
import { describeTarget } from '../testing/describe-target.ts';
import { type HmarkTargetInfo, hmarkFlag, hmarkTarget } from './hmark.ts';

const info = (flags: number, fields: Partial<HmarkTargetInfo> = {}): HmarkTargetInfo => ({
  flags,
  sourceMask: 0,
  destinationMask: 0,
  portMask: { source: 0, destination: 0 },
  portSet: { source: 0, destination: 0 },
  protoMask: 0,
  random: 0,
  modulus: 1,
  offset: 0,
  ...fields,
});
const flag = hmarkFlag;

describeTarget(hmarkTarget, {
  sizes: { 0: 60 },
  structs: [
    {
      revision: 0,
      hex: [
        'ffffff00000000000000000000000000',
        'ffff0000000000000000000000000000',
        '00ff01bb00500035',
        '03060000060000000900000004000000',
        '07000000',
      ].join(''),
      info: info(0x603, {
        sourceMask: 0xffffff00,
        destinationMask: 0xffff0000,
        portMask: { source: 0xff, destination: 443 },
        portSet: { source: 80, destination: 53 },
        protoMask: 6,
        random: 9,
        modulus: 4,
        offset: 7,
      }),
    },
  ],
  texts: [
    { info: info(0), numeric: ' HMARK ', saved: '' },
    {
      info: info(flag.modulus | flag.offset | flag.conntrack | flag.random, { modulus: 9, offset: 77, random: 0xabc }),
      numeric: ' HMARK mod 9 + 0x4d ct, rnd 0xabc ',
      saved: ' --hmark-rnd 0x00000abc --hmark-mod 9 --hmark-offset 77 --hmark-tuple ct',
    },
    {
      info: info(flag.sourceMask | flag.destinationMask | flag.sportMask | flag.dportMask | flag.protoMask, {
        sourceMask: 0xffffff00,
        destinationMask: 0,
        portMask: { source: 0xff, destination: 0xff00 },
        protoMask: 0xf,
      }),
      numeric: ' HMARK src-prefix 24 dst-prefix 0 sport-mask 0xff dport-mask 0xff00 proto-mask 0xf ',
      saved:
        ' --hmark-src-prefix 24 --hmark-dst-prefix 0 --hmark-sport-mask 0x00ff --hmark-dport-mask 0xff00 --hmark-proto-mask 0x0f',
    },
    {
      info: info(flag.sourceMask | flag.destinationMask, { sourceMask: 0xffffffff, destinationMask: 0xff00ff00 }),
      numeric: ' HMARK src-prefix 32 dst-prefix 4294967295 ',
      saved: ' --hmark-src-prefix 32 --hmark-dst-prefix -1',
    },
    {
      info: info(flag.sport | flag.dport, { portSet: { source: 80, destination: 443 } }),
      numeric: ' HMARK sport 0x50 dport 0x1bb ',
      saved: ' --hmark-sport 0x0050 --hmark-dport 0x01bb',
    },
    {
      info: info(flag.spi | flag.spiMask, {
        portMask: { source: 0xffff, destination: 0 },
        portSet: { source: 0, destination: 0x99 },
      }),
      numeric: ' HMARK spi-mask 0xffff0000 spi 0x99 ',
      saved: ' --hmark-spi-mask 0xffff0000 --hmark-spi 0x00000099',
    },
  ],
  checks: [
    { title: 'a modulus', info: info(0), code: undefined },
    { title: 'none', info: info(0, { modulus: 0 }), code: errno.EINVAL },
    { title: 'addresses only, and no protocol', info: info(flag.layer3), code: undefined },
    { title: 'addresses only, and a protocol', info: info(flag.layer3, { protoMask: 1 }), code: errno.EINVAL },
    { title: 'masks of SPI and sport', info: info(flag.spiMask | flag.sportMask), code: errno.EINVAL },
    { title: 'masks of SPI and dport', info: info(flag.spiMask | flag.dportMask), code: errno.EINVAL },
    { title: 'SPI and sport', info: info(flag.spi | flag.sport), code: errno.EINVAL },
    { title: 'SPI and dport', info: info(flag.spi | flag.dport), code: errno.EINVAL },
    { title: 'SPI and the mask of sport', info: info(flag.spi | flag.sportMask), code: undefined },
  ],
  nft: [{ info: info(flag.modulus), lists: 'hashes are others' }],
});
