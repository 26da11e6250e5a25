import type { NftOperator, NftStatement } from '../nft/json.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { mac } from './mac.ts';

const srcaddr = Uint8Array.of(0x42, 1, 0x0a, 3, 4, 5);
const ethernet: NftStatement = { match: { op: '==', left: { meta: { key: 'iiftype' } }, right: 'ether' } };
const source = (op: NftOperator): NftStatement => {
  return { match: { op, left: { payload: { base: 'll', offset: 48, len: 48 } }, right: 0x42010a030405 } };
};

describeMatch(mac, {
  layouts: { 0: { size: 12, bytes: '42010a030405 0000 01000000', info: { srcaddr, invert: 1 } } },
  examples: [
    {
      name: 'an address',
      info: { srcaddr, invert: 0 },
      list: ' MAC 42:01:0a:03:04:05',
      save: ' --mac-source 42:01:0a:03:04:05',
      nft: [[ethernet, source('==')]],
    },
    {
      name: 'another address',
      info: { srcaddr, invert: 1 },
      list: ' MAC ! 42:01:0a:03:04:05',
      save: ' ! --mac-source 42:01:0a:03:04:05',
      nft: [[ethernet, source('!=')]],
    },
    {
      name: 'inverted by a number other than 1: any address',
      info: { srcaddr, invert: 2 },
      list: ' MAC ! 42:01:0a:03:04:05',
      save: ' ! --mac-source 42:01:0a:03:04:05',
      nft: [
        [
          ethernet,
          { match: { op: '!=', left: { '&': [{ payload: { base: 'll', offset: 48, len: 8 } }, 1] }, right: 2 } },
        ],
      ],
    },
  ],
});
