import { describeMatch } from '../testing/describe-match.ts';
import { pkttype } from './pkttype.ts';

const is = (op: '==' | '!=', right: number) => [[{ match: { op, left: { meta: { key: 'pkttype' } }, right } }]];

describeMatch(pkttype, {
  layouts: { 0: { size: 8, bytes: '02000000 01000000', info: { pkttype: 2, invert: 1 } } },
  examples: [
    {
      name: 'to the host',
      info: { pkttype: 0, invert: 0 },
      list: ' PKTTYPE = unicast',
      save: ' --pkt-type unicast',
      nft: is('==', 0),
    },
    {
      name: 'not to all',
      info: { pkttype: 1, invert: 1 },
      list: ' PKTTYPE != broadcast',
      save: ' ! --pkt-type broadcast',
      nft: is('!=', 1),
    },
    {
      name: 'without a name',
      info: { pkttype: 4, invert: 0 },
      list: ' PKTTYPE = 4',
      save: ' --pkt-type 4',
      nft: is('==', 4),
    },
    { name: 'loopback', info: { pkttype: 5, invert: 0 }, list: ' PKTTYPE = 5', save: ' --pkt-type 5', nft: [] },
    {
      name: 'not loopback',
      info: { pkttype: 5, invert: 1 },
      list: ' PKTTYPE != 5',
      save: ' ! --pkt-type 5',
      nft: [[]],
    },
    { name: 'past three bits', info: { pkttype: 8, invert: 0 }, list: ' PKTTYPE = 8', save: ' --pkt-type 8', nft: [] },
    { name: 'negative', info: { pkttype: -1, invert: 1 }, list: ' PKTTYPE != -1', save: ' ! --pkt-type -1', nft: [[]] },
    {
      name: 'inverted by a number other than 1',
      info: { pkttype: 0, invert: -1 },
      list: ' PKTTYPE != unicast',
      save: ' ! --pkt-type unicast',
      nft: [[]],
    },
  ],
});
