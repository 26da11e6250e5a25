import { anyBit } from '../bpf/test.ts';
import { conntrackAlternatives } from '../conntrack/alternatives.ts';
import { connectionTests, isTracked, isUntracked } from '../conntrack/bpf-tests.ts';
import { type ConntrackInfo, conntrackFlag, conntrackRevisions } from '../conntrack/info.ts';
import { conntrackState } from '../conntrack/state.ts';
import { conntrackText, isStateAlias } from '../conntrack/text.ts';
import { cannotExpress, defineMatch } from '../extension.ts';

/**
 * conntrack, revisions 1 to 3 (net/netfilter/xt_conntrack.c, linux/netfilter/xt_conntrack.h;
 * libxt_conntrack.c): what connection tracking knows of a packet. `-m state` is revision 3 with a flag.
 */
export const conntrack = defineMatch<ConntrackInfo>({
  name: 'conntrack',
  revisions: conntrackRevisions,
  coverage: {
    partly: ['--ctexpire bounds from 4,294,967 s on', 'in table raw all but --ctstate of neither SNAT nor DNAT'],
  },
  examples: [
    '-m conntrack {|!} --ctstate {ctstates}',
    '-m conntrack {|!} --ctproto {protocol}',
    '-m conntrack {|!} --ctorigsrc {network}',
    '-m conntrack {|!} --ctorigdst {network}',
    '-m conntrack {|!} --ctreplsrc {network}',
    '-m conntrack {|!} --ctrepldst {network}',
    '-p {tcp|udp} -m conntrack {|!} --ctorigdstport {port}',
    '-p {tcp|udp} -m conntrack {|!} --ctorigsrcport {portrange}',
    '-m conntrack {|!} --ctstatus {ctstatuses}',
    '-m conntrack --ctdir {ORIGINAL|REPLY}',
  ],
  placement: { anyFamily: true },
  check() {}, // the kernel only switches connection tracking on
  alias: (info) => (isStateAlias(info) ? 'state' : 'conntrack'),
  print: (info, { numeric, names }) => conntrackText(info, '', numeric, names),
  save: (info) => conntrackText(info, '--', true),
  nft(info, { header, table }) {
    // nft reads no addresses, protocol or status in the template that -j CT gives a packet (nft_ct_get_eval), the kernel's zeros
    const asksMore = (info.matchFlags & ~(conntrackFlag.state | conntrackFlag.stateAlias)) !== 0;
    if (table === 'raw' && (asksMore || (info.states & (conntrackState.snat | conntrackState.dnat)) !== 0)) {
      cannotExpress('conntrack: in table raw nft reads no templates of CT');
    }
    return conntrackAlternatives(info, header);
  },

  // Packets without a connection need the state only. There is a test of it in each, as connection tracking is wanted.
  bpf(info) {
    const { matchFlags, invertFlags, states } = info;
    const tests = connectionTests(info);
    if ((matchFlags & conntrackFlag.state) === 0) return { groups: [[isTracked], ...tests.map((test) => [test])] };
    const stateTest = anyBit('conntrackState', states, (invertFlags & conntrackFlag.state) !== 0);
    return { groups: [[stateTest], ...tests.map((test) => [isUntracked, test])] };
  },
});
