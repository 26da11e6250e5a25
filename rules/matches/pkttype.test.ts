import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch, example } from '../testing/describe-match.ts';
import { pkttype } from './pkttype.ts';

const is = (op: '==' | '!=', right: number) => [[{ match: { op, left: { meta: { key: 'pkttype' } }, right } }]];

describeMatch(pkttype, {
  layouts: { 0: { size: 8, bytes: '02000000 01000000', info: { pkttype: 2, invert: 1 } } },
  examples: [
    example('to the host', { pkttype: 0, invert: 0 }, [' PKTTYPE = unicast', ' --pkt-type unicast'], is('==', 0)),
    example('not to all', { pkttype: 1, invert: 1 }, [' PKTTYPE != broadcast', ' ! --pkt-type broadcast'], is('!=', 1)),
    example('without a name', { pkttype: 4, invert: 0 }, [' PKTTYPE = 4', ' --pkt-type 4'], is('==', 4)),
    example('loopback', { pkttype: 5, invert: 0 }, [' PKTTYPE = 5', ' --pkt-type 5'], []),
    example('not loopback', { pkttype: 5, invert: 1 }, [' PKTTYPE != 5', ' ! --pkt-type 5'], [[]]),
    example('past three bits', { pkttype: 8, invert: 0 }, [' PKTTYPE = 8', ' --pkt-type 8'], []),
    example('negative', { pkttype: -1, invert: 1 }, [' PKTTYPE != -1', ' ! --pkt-type -1'], [[]]),
    example(
      'inverted by a number other than 1',
      { pkttype: 0, invert: -1 },
      [' PKTTYPE != unicast', ' ! --pkt-type unicast'],
      [[]],
    ),
  ],
});

const GROUP = 0xe0000001;
const HOST = 0x0a000001;
const sent = (packetType: number, destination = HOST) => ({ packetType, destination });

describeBpf(pkttype, {
  examples: [
    {
      name: 'to the host',
      info: { pkttype: 0, invert: 0 },
      takes: [sent(0), sent(0, GROUP)],
      leaves: [sent(1), sent(2), sent(3), sent(5), sent(5, GROUP)],
    },
    { name: 'not to another', info: { pkttype: 3, invert: 1 }, takes: [sent(0), sent(5)], leaves: [sent(3)] },
    {
      name: 'to all: also what loops back to no group',
      info: { pkttype: 1, invert: 0 },
      takes: [sent(1), sent(1, GROUP), sent(5), sent(5, 0xdfffffff), sent(5, 0xf0000000)],
      leaves: [sent(0), sent(2), sent(4), sent(5, GROUP), sent(5, 0xefffffff)],
    },
    {
      name: 'not to all',
      info: { pkttype: 1, invert: 1 },
      takes: [sent(0), sent(2), sent(4), sent(5, GROUP), sent(5, 0xefffffff)],
      leaves: [sent(1), sent(1, GROUP), sent(5), sent(5, 0xdfffffff), sent(5, 0xf0000000)],
    },
    {
      name: 'to a group: also what loops back to one',
      info: { pkttype: 2, invert: 0 },
      takes: [sent(2), sent(2, GROUP), sent(5, GROUP), sent(5, 0xefffffff)],
      leaves: [sent(0), sent(1), sent(5), sent(0, GROUP)],
    },
    {
      name: 'not to a group',
      info: { pkttype: 2, invert: 1 },
      takes: [sent(0), sent(1), sent(5), sent(0, GROUP)],
      leaves: [sent(2), sent(2, GROUP), sent(5, GROUP)],
    },
    { name: 'loopback', info: { pkttype: 5, invert: 0 }, leaves: [sent(5), sent(5, GROUP)] },
    { name: 'not loopback', info: { pkttype: 5, invert: 1 }, takes: [sent(5), sent(0)] },
    { name: 'past three bits', info: { pkttype: 8, invert: 0 }, leaves: [sent(0), sent(7)] },
    { name: 'negative, inverted', info: { pkttype: -1, invert: 1 }, takes: [sent(0), sent(7)] },
    { name: 'inverted by another number', info: { pkttype: 0, invert: 2 }, takes: [sent(0), sent(1)] },
  ],
});
