import { IPT_INV_VIA_IN } from '../../protocol/ip-tables.ts';
import { askedProtocol } from '../asked-protocol.ts';
import type { HeaderMatch } from '../ir.ts';

const ICMP = 1;
const TCP = 6;

/**
 * Whether a rule may meet what the kernel itself sends about a packet that isn't tracked: REJECT's reset, or an ICMP
 * error. In raw OUTPUT such a packet bears a state, but no connection (nf_conntrack_attach, net/netfilter/nf_conntrack_core.c):
 * for CT and NOTRACK it is seen to, for nft's statements, which ask for the connection only, it isn't.
 *
 * Says no only where the header alone tells: a rule of a user chain doesn't know where it is called from.
 */
export function mayMeetUntrackedAnswer(header: HeaderMatch): boolean {
  if (namesInDevice(header)) return false;
  const protocol = askedProtocol(header);
  return protocol === 0 || protocol === ICMP || protocol === TCP;
}

/** In OUTPUT no device's name is there to be compared. */
function namesInDevice({ inInterface: { name, mask }, inverted }: HeaderMatch): boolean {
  return (inverted & IPT_INV_VIA_IN) === 0 && ((name[0] ?? 0) & (mask[0] ?? 0)) !== 0;
}
