import { SENDER_THERE } from '../bpf/record.ts';
import type { NftOperator, NftStatement } from '../nft/json.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
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

const address = (text: string) => {
  const number = BigInt(`0x${text.replaceAll(':', '')}`);
  return { macStart: SENDER_THERE + Number(number >> 32n), macRest: Number(number & 0xffffffffn) };
};
const none = { macStart: 0, macRest: 0 };

describeBpf(mac, {
  examples: [
    {
      name: 'an address',
      info: { srcaddr, invert: 0 },
      takes: [address('42:01:0a:03:04:05')],
      leaves: [address('42:01:0a:03:04:06'), address('42:02:0a:03:04:05'), address('c2:01:0a:03:04:05'), none],
    },
    {
      name: 'another address, but one',
      info: { srcaddr, invert: 1 },
      takes: [address('42:01:0a:03:04:06'), address('42:02:0a:03:04:05'), address('00:00:00:00:00:00')],
      leaves: [address('42:01:0a:03:04:05'), none],
    },
    {
      name: 'an address with its upper bits set',
      info: { srcaddr: Buffer.from('ffffffffffff', 'hex'), invert: 0 },
      takes: [address('ff:ff:ff:ff:ff:ff')],
      leaves: [address('ff:ff:ff:ff:ff:fe'), address('7f:ff:ff:ff:ff:ff'), none],
    },
    {
      name: 'all zeros: no other than that there is none',
      info: { srcaddr: new Uint8Array(6), invert: 0 },
      takes: [address('00:00:00:00:00:00')],
      leaves: [none],
    },
    {
      name: 'inverted by a number other than 1: any address',
      info: { srcaddr, invert: 2 },
      takes: [address('42:01:0a:03:04:05'), address('42:01:0a:03:04:06')],
      leaves: [none],
    },
  ],
});
