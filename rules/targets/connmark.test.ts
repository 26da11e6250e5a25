import { describeTarget } from '../testing/describe-target.ts';
import { type ConnmarkTargetInfo, connmarkTarget } from './connmark.ts';

const ALL = 0xffffffff;
const info = (fields: Partial<ConnmarkTargetInfo>): ConnmarkTargetInfo => ({
  mode: 0,
  ctmark: 0,
  ctmask: 0,
  nfmask: 0,
  shift_dir: 0,
  shift_bits: 0,
  ...fields,
});
const set = (ctmark: number, ctmask: number, more: Partial<ConnmarkTargetInfo> = {}) =>
  info({ ctmark, ctmask, ...more });
const save = (nfmask: number, ctmask: number, more: Partial<ConnmarkTargetInfo> = {}) =>
  info({ mode: 1, nfmask, ctmask, ...more });
const restore = (nfmask: number, ctmask: number, more: Partial<ConnmarkTargetInfo> = {}) =>
  info({ mode: 2, nfmask, ctmask, ...more });

describeTarget(connmarkTarget, {
  sizes: { 1: 16, 2: 16 },
  structs: [
    { revision: 1, hex: '01000000020000000300000002', info: restore(3, 2, { ctmark: 1 }) },
    {
      revision: 2,
      hex: '010000000200000003000000010802',
      info: restore(3, 2, { ctmark: 1, shift_dir: 1, shift_bits: 8 }),
    },
  ],
  texts: [
    { info: set(0, 0xf0), numeric: ' CONNMARK and 0xffffff0f', saved: ' --set-xmark 0x0/0xf0' },
    { info: set(0xf, 0xf), numeric: ' CONNMARK or 0xf', saved: ' --set-xmark 0xf/0xf' },
    { info: set(0xf, 0), numeric: ' CONNMARK xor 0xf', saved: ' --set-xmark 0xf/0x0' },
    { info: set(5, ALL), numeric: ' CONNMARK set 0x5', saved: ' --set-xmark 0x5/0xffffffff' },
    { info: set(5, 0xff), numeric: ' CONNMARK xset 0x5/0xff', saved: ' --set-xmark 0x5/0xff' },
    {
      info: save(ALL, ALL),
      numeric: ' CONNMARK save',
      saved: ' --save-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    },
    { info: save(3, 3), numeric: ' CONNMARK save mask 0x3', saved: ' --save-mark --nfmask 0x3 --ctmask 0x3' },
    {
      info: save(3, 7),
      numeric: ' CONNMARK save nfmask 0x3 ctmask ~0x7',
      saved: ' --save-mark --nfmask 0x3 --ctmask 0x7',
    },
    {
      info: restore(ALL, ALL),
      numeric: ' CONNMARK restore',
      saved: ' --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    },
    { info: restore(3, 3), numeric: ' CONNMARK restore mask 0x3', saved: ' --restore-mark --nfmask 0x3 --ctmask 0x3' },
    {
      info: restore(3, 7),
      numeric: ' CONNMARK restore ctmask 0x7 nfmask ~0x3',
      saved: ' --restore-mark --nfmask 0x3 --ctmask 0x7',
    },
    {
      info: set(5, ALL, { shift_bits: 3 }),
      numeric: ' CONNMARK set 0x5 left-shift-mark 3',
      saved: ' --set-xmark 0x5/0xffffffff --left-shift-mark 3',
    },
    {
      info: restore(3, 3, { shift_dir: 1, shift_bits: 31 }),
      numeric: ' CONNMARK restore mask 0x3 right-shift-mark 31',
      saved: ' --restore-mark --nfmask 0x3 --ctmask 0x3 --right-shift-mark 31',
    },
    {
      info: info({ mode: 3, shift_bits: 3 }),
      numeric: ' ERROR: UNKNOWN CONNMARK MODE',
      saved: ' ERROR: UNKNOWN CONNMARK MODE',
    },
  ],
  nft: [
    { info: set(5, ALL), lists: ['ct mark set 0x00000005'] },
    { info: set(5, ALL, { shift_bits: 4 }), lists: ['ct mark set 0x00000050'] },
    { info: set(0xf0000000, ALL, { shift_bits: 1 }), lists: ['ct mark set 0xe0000000'] },
    { info: set(0x80000000, ALL, { shift_dir: 1, shift_bits: 31 }), lists: ['ct mark set 0x00000001'] },
    {
      info: set(0x3, 0xf, { shift_dir: 1, shift_bits: 1 }),
      lists: ['ct mark set (ct mark & 0xfffffff3 | 0x00000003) >> 1'],
    },
    { info: set(0, 0xf0), lists: ['ct mark set ct mark & 0xffffff0f'] },
    { info: set(0xf, 0), lists: ['ct mark set ct mark ^ 0x0000000f'] },
    { info: set(0, 0), lists: ['ct mark set ct mark'] },
    { info: save(ALL, ALL), lists: ['ct mark set meta mark'] },
    { info: save(0xff, ALL), lists: ['ct mark set meta mark & 0x000000ff'] },
    {
      info: save(0xff, ALL, { shift_bits: 4 }),
      lists: ['ct mark set (meta mark & 0x000000ff) << 4'],
    },
    { info: restore(ALL, ALL), lists: ['meta mark set ct mark'] },
    {
      info: restore(ALL, 0xff, { shift_dir: 1, shift_bits: 31 }),
      lists: ['meta mark set (ct mark & 0x000000ff) >> 31'],
    },
    { info: save(0xff, 0xff), lists: 'copies a mark whole' },
    {
      info: restore(0x3, 0x81),
      lists: [
        'ct mark >= 0x00000000',
        'meta mark set meta mark & 0xfffffffc',
        'ct mark & 0x00000001 != 0x00000000 meta mark set meta mark ^ 0x00000001',
        'ct mark & 0x00000080 != 0x00000000 meta mark set meta mark ^ 0x00000080',
      ],
    },
    {
      info: restore(0, 0x81, { shift_bits: 1 }),
      lists: [
        'ct mark >= 0x00000000',
        'ct mark & 0x00000001 != 0x00000000 meta mark set meta mark ^ 0x00000002',
        'ct mark & 0x00000080 != 0x00000000 meta mark set meta mark ^ 0x00000100',
      ],
    },
    {
      info: restore(0xffff, 0x81, { shift_dir: 1, shift_bits: 1 }),
      lists: [
        'ct mark >= 0x00000000',
        'meta mark set meta mark & 0xffff0000',
        'ct mark & 0x00000080 != 0x00000000 meta mark set meta mark ^ 0x00000040',
      ],
    },
    { info: restore(3, 0x81, { shift_bits: 32 }), lists: 'a shift by 32' },
    { info: set(5, ALL, { shift_bits: 32 }), lists: 'a shift by 32' },
    { info: info({ mode: 3 }), lists: 'mode 3' },
    { info: set(5, ALL), table: 'raw', lists: 'templates' },
  ],
});
