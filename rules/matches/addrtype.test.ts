import type { NftValue } from '../nft/json.ts';
import { describeMatch } from '../testing/describe-match.ts';
import { type AddrtypeInfo, addrtype } from './addrtype.ts';

const type = (flags: readonly string[], op: '==' | '!=', right: NftValue) => {
  return { match: { op, left: { fib: { result: 'type', flags } }, right } } as const;
};
const blank: AddrtypeInfo = { revision: 1, source: 0, dest: 0, invertSource: 0, invertDest: 0, flags: 0 };
const [LOCAL, BROADCAST, THROW] = [1 << 2, 1 << 3, 1 << 9];
const [IN, OUT] = [4, 8];
const all = 'UNSPEC,UNICAST,LOCAL,BROADCAST,ANYCAST,MULTICAST,BLACKHOLE,UNREACHABLE,PROHIBIT,THROW,NAT,XRESOLVE';
const hooks = (...numbers: readonly number[]) => ({ hooks: numbers.reduce((mask, hook) => mask | (1 << hook), 0) });

describeMatch(addrtype, {
  layouts: {
    0: {
      size: 12,
      bytes: '0400 0800 03000000 01000000',
      info: { revision: 0, source: LOCAL, dest: BROADCAST, invertSource: 3, invertDest: 1, flags: 0 },
    },
    1: {
      size: 8,
      bytes: '0400 0800 f6ff0000',
      info: { revision: 1, source: LOCAL, dest: BROADCAST, invertSource: 0, invertDest: 1, flags: 0xfff4 },
    },
  },
  examples: [
    {
      name: 'one source',
      info: { ...blank, source: LOCAL },
      list: ' ADDRTYPE match src-type LOCAL',
      save: ' --src-type LOCAL',
      nft: [[type(['saddr'], '==', 'local')]],
    },
    {
      name: 'sources, and not a destination',
      info: { ...blank, source: LOCAL | BROADCAST | THROW, dest: LOCAL, invertDest: 1 },
      list: ' ADDRTYPE match src-type LOCAL,BROADCAST,THROW dst-type !LOCAL',
      save: ' --src-type LOCAL,BROADCAST,THROW ! --dst-type LOCAL',
      nft: [[type(['saddr'], '==', { set: ['local', 'broadcast', 9] }), type(['daddr'], '!=', 'local')]],
    },
    {
      name: 'on the incoming device',
      info: { ...blank, dest: LOCAL, flags: IN },
      list: ' ADDRTYPE match dst-type LOCAL limit-in',
      save: ' --dst-type LOCAL --limit-iface-in',
      nft: [[type(['daddr', 'iif'], '==', 'local')]],
    },
    {
      name: 'any',
      info: { ...blank, source: 0xfff },
      list: ` ADDRTYPE match src-type ${all}`,
      save: ` --src-type ${all}`,
      nft: [[]],
    },
    {
      name: 'not any',
      info: { ...blank, source: LOCAL, dest: 0xfff, invertDest: 1 },
      list: ` ADDRTYPE match src-type LOCAL dst-type !${all}`,
      save: ` --src-type LOCAL ! --dst-type ${all}`,
      nft: [],
    },
    {
      name: 'types that no route has',
      info: { ...blank, source: 0xf000 },
      list: ' ADDRTYPE match src-type ',
      save: ' --src-type ',
      nft: [],
    },
    {
      name: 'not types that no route has',
      info: { ...blank, source: 0xf000, invertSource: 1 },
      list: ' ADDRTYPE match src-type !',
      save: ' ! --src-type ',
      nft: [[]],
    },
    {
      name: 'revision 0',
      info: { ...blank, revision: 0, source: LOCAL, invertSource: 1, dest: BROADCAST, invertDest: 1 },
      list: ' ADDRTYPE match src-type !LOCAL dst-type!BROADCAST',
      save: ' ! --src-type LOCAL ! --dst-type BROADCAST',
      nft: [[type(['saddr'], '!=', 'local'), type(['daddr'], '!=', 'broadcast')]],
    },
    {
      name: 'revision 0, inverted by an even number',
      info: { ...blank, revision: 0, source: LOCAL, invertSource: 2 },
      list: ' ADDRTYPE match src-type !LOCAL',
      save: ' ! --src-type LOCAL',
      nft: [[type(['saddr'], '==', 'local')]],
    },
    { name: 'nothing', info: { ...blank, invertSource: 1 }, list: ' ADDRTYPE match', save: '', nft: [[]] },
  ],
  checks: [
    { name: 'both devices', info: { ...blank, flags: IN | OUT }, context: hooks(2) },
    { name: 'the incoming device in OUTPUT', info: { ...blank, flags: IN }, context: hooks(3) },
    { name: 'the incoming device in POSTROUTING', info: { ...blank, flags: IN }, context: hooks(2, 4) },
    { name: 'the outgoing device in PREROUTING', info: { ...blank, flags: OUT }, context: hooks(0) },
    { name: 'the outgoing device in INPUT', info: { ...blank, flags: OUT }, context: hooks(1, 2) },
  ],
});
