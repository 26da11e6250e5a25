import type { ConnectionField } from '../bpf/record.ts';
import { anyBit, equals, type FieldTest, masked, within } from '../bpf/test.ts';
import { type ConntrackInfo, conntrackFlag, type Endpoint, endpoints } from './info.ts';
import { conntrackState } from './state.ts';

const { established, related, new: isNew } = conntrackState;

/** Whether the packet has a connection, be it a template. */
export const isTracked: FieldTest = anyBit('conntrackState', established | related | isNew);

/** Whether it has none. */
export const isUntracked: FieldTest = { ...isTracked, negated: true };

const fieldsOf: Readonly<Record<Endpoint, ConnectionField & `ct${string}${'Source' | 'Destination'}`>> = {
  origsrc: 'ctOriginalSource',
  origdst: 'ctOriginalDestination',
  replsrc: 'ctReplySource',
  repldst: 'ctReplyDestination',
};

/** What a match asks of a connection but for its state, one by one (xt_conntrack.c, conntrack_mt). */
export function connectionTests(info: ConntrackInfo): readonly FieldTest[] {
  const { matchFlags, invertFlags, addresses, ports } = info;
  const asked = (flag: number, test: (inverted: boolean) => FieldTest): readonly FieldTest[] =>
    (matchFlags & flag) === 0 ? [] : [test((invertFlags & flag) !== 0)];
  const address = (bytes: Uint8Array) => Buffer.from(bytes).readUInt32BE();
  return [
    ...asked(conntrackFlag.direction, (inverted) => equals('ctDirection', 0, inverted)),
    ...endpoints.flatMap((end) => {
      const { address: value, mask } = addresses[end];
      return asked(conntrackFlag[end], (inverted) => masked(fieldsOf[end], address(value), address(mask), inverted));
    }),
    ...asked(conntrackFlag.protocol, (inverted) => equals('ctProtocol', info.protocol, inverted)),
    ...endpoints.flatMap((end) => {
      const { low, high } = ports[end];
      return asked(conntrackFlag[`${end}Port`], (inverted) => within(`${fieldsOf[end]}Port`, low, high, inverted));
    }),
    ...asked(conntrackFlag.expires, (inverted) => within('ctExpires', info.expires.min, info.expires.max, inverted)),
    ...asked(conntrackFlag.status, (inverted) => anyBit('conntrackStatus', info.statuses, inverted)),
  ];
}
