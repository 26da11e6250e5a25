import { type PacketCase, table } from './case.ts';
import { flows } from './flows.ts';
import { matching } from './matching.ts';

/** States that no rule here can bring about, made by an nftables table that is neither the kernel's nor ours. */
const foreign = [
  'add table ip foreign',
  'add chain ip foreign early { type filter hook prerouting priority -350; }',
  'add rule ip foreign early udp dport 53 notrack',
  'add rule ip foreign early udp sport 53 notrack',
  'add chain ip foreign to { type nat hook prerouting priority -110; }',
  'add rule ip foreign to tcp dport 443 dnat to 10.2.0.2',
  'add rule ip foreign to udp dport 54 dnat to 10.2.0.2:55',
  'add rule ip foreign to icmp type echo-request dnat to 10.2.0.9',
  'add chain ip foreign from { type nat hook postrouting priority 110; }',
  'add rule ip foreign from udp dport 55 snat to 10.2.0.77',
  'add rule ip foreign from icmp type echo-request snat to 10.2.0.78',
].join('\n');
const setUp = { run: `nft -f - <<'END'\n${foreign}\nEND` };
const cleanup = 'nft delete table ip foreign';

const states = [
  'UNTRACKED',
  'DNAT',
  'SNAT',
  'SNAT,DNAT',
  'NEW,DNAT',
  'UNTRACKED,SNAT',
  'INVALID,UNTRACKED',
  'ESTABLISHED,SNAT,DNAT',
];
const tests = [
  ...states.flatMap((one) => [`--ctstate ${one}`, `! --ctstate ${one}`]),
  '--ctreplsrc 10.2.0.2 --ctorigdst 10.2.0.2',
  '--ctrepldst 10.2.0.77',
  '! --ctrepldst 10.2.0.77',
  '--ctreplsrcport 55',
  '! --ctreplsrcport 55 --ctstate DNAT',
  '--ctstate UNTRACKED --ctproto udp',
  '! --ctstate DNAT --ctdir ORIGINAL',
  '--ctdir REPLY --ctstate SNAT,DNAT',
];

export const foreignCases: readonly PacketCase[] = [
  ...tests.map((one) => {
    const { steps, title } = matching(`-m conntrack ${one}`, flows);
    return { title: `${title} beside a foreign table`, steps: [setUp, ...steps], cleanup };
  }),
  {
    title: 'all at once',
    steps: [
      setUp,
      {
        restore: table(
          'filter',
          ['FORWARD', 'INPUT', 'OUTPUT'].flatMap((chain) => tests.map((one) => `-A ${chain} -m conntrack ${one}`)),
        ),
      },
      { restore: table('nat', ['-A PREROUTING', '-A POSTROUTING -p tcp', '-A INPUT', '-A OUTPUT']) },
      { send: flows },
      { run: 'nft list table ip foreign' },
    ],
    cleanup,
  },
];
