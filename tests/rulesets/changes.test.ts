import { describe, expect, it } from 'vitest';
import { driverLogBelow } from '../harness/driver-log.ts';
import { netlinkOnly, skipNetlinkOnly } from '../harness/netlink-only.ts';
import { missing, titled, withFolder } from '../harness/ways.ts';
import { runNative, runServed } from '../run/way.ts';
import { type FixtureName, fixture, withCounters } from './fixture.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy', 'kernel ip_tables');

/** A command, its input, and the status it ends with. */
interface Change {
  readonly run: string;
  readonly input?: string;
  readonly status?: number;
}

/** What kube-proxy writes: chains named are made anew, all others stay. */
const sync = (...lines: readonly string[]): Change => ({
  run: 'iptables-legacy-restore -w 5 -W 100000 --noflush --counters',
  input: [...lines, 'COMMIT', ''].join('\n'),
});
const nat = (run: string, status = 0): Change => ({ run: `iptables-legacy -w -t nat ${run}`, status });
const filter = (run: string, status = 0): Change => ({ run: `iptables-legacy -w ${run}`, status });

/** What each program does to its rules while it runs. */
const changes: Readonly<Record<FixtureName, readonly Change[]>> = {
  docker: [
    nat('-C DOCKER ! -i docker0 -p tcp -d 0/0 --dport 8081 -j DNAT --to-destination 172.17.0.5:80', 1),
    nat('-A DOCKER ! -i docker0 -p tcp -d 0/0 --dport 8081 -j DNAT --to-destination 172.17.0.5:80'),
    nat('-C DOCKER ! -i docker0 -p tcp -d 0/0 --dport 8081 -j DNAT --to-destination 172.17.0.5:80'),
    filter('-I DOCKER 1 ! -i docker0 -o docker0 -p tcp -d 172.17.0.5 --dport 80 -j ACCEPT'),
    nat('-A POSTROUTING -p tcp -s 172.17.0.5 -d 172.17.0.5 --dport 80 -j MASQUERADE'),
    filter('-N DOCKER-INGRESS'),
    filter('-I FORWARD -j DOCKER-INGRESS'),
    filter('-A DOCKER-INGRESS -j RETURN'),
    filter('-X DOCKER-INGRESS', 1),
    filter('-D FORWARD -j DOCKER-INGRESS'),
    filter('-F DOCKER-INGRESS'),
    filter('-X DOCKER-INGRESS'),
    nat('-D DOCKER ! -i docker0 -p tcp -d 0/0 --dport 8081 -j DNAT --to-destination 172.17.0.5:80'),
    nat('-D DOCKER ! -i docker0 -p tcp -d 0/0 --dport 8081 -j DNAT --to-destination 172.17.0.5:80', 1),
    filter('-P FORWARD ACCEPT'),
    nat('-S'),
  ],
  fail2ban: [
    { run: 'iptables-legacy -w -C f2b-sshd -j RETURN' },
    { run: 'iptables-legacy -w -n -L INPUT | grep -q "f2b-sshd[ \\t]"' },
    filter('-I f2b-sshd 1 -s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable'),
    filter('-I f2b-sshd 1 -s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable'),
    filter('-D f2b-sshd -s 192.0.2.1 -j REJECT --reject-with icmp-port-unreachable'),
    filter('-D f2b-sshd -s 10.1.0.66 -j REJECT --reject-with icmp-port-unreachable'),
    filter('-D f2b-sshd -s 10.1.0.66 -j REJECT --reject-with icmp-port-unreachable', 1),
    filter('-X f2b-sshd', 1),
    filter('-D INPUT -p tcp -m multiport --dports 22 -j f2b-sshd'),
    filter('-F f2b-sshd'),
    filter('-X f2b-sshd'),
    filter('-D INPUT -p tcp -m multiport --dports 22 -j f2b-sshd', 2),
    { run: 'for host in 1 2 3 4 5 6 7 8 9; do iptables-legacy -w -I f2b-recidive 1 -s 192.0.2.$host -j DROP; done' },
  ],
  firewalld: [
    {
      run: 'iptables-legacy-restore -w -n',
      input: [
        '*mangle',
        '-A PRE_public_allow -p tcp --dport 8081 -j MARK --set-mark 0x67',
        'COMMIT',
        '*nat',
        '-A PRE_public_allow -p tcp -m mark --mark 0x67 -j DNAT --to-destination 10.2.0.3:80',
        'COMMIT',
        '*filter',
        ':IN_dmz - [0:0]',
        ':IN_dmz_allow - [0:0]',
        '-A IN_dmz -j IN_dmz_allow',
        '-I INPUT_ZONES 1 -i eth2 -g IN_dmz',
        '-A IN_dmz_allow -p tcp --dport 22 -m conntrack --ctstate NEW,UNTRACKED -j ACCEPT',
        'COMMIT',
        '',
      ].join('\n'),
    },
    filter('-D INPUT_ZONES -i eth2 -g IN_dmz'),
    filter('-P INPUT DROP'),
    { run: 'iptables-legacy-restore -w -n', input: '*filter\n-A nowhere -j ACCEPT\nCOMMIT\n', status: 1 },
    {
      run: 'iptables-legacy-restore -w -n',
      input: '*filter\n-F IN_dmz\n-F IN_dmz_allow\n-X IN_dmz\n-X IN_dmz_allow\nCOMMIT\n',
    },
  ],
  'kube-proxy': [
    sync('*nat', ':KUBE-MARK-MASQ - [0:0]', '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000'),
    sync(
      '*nat',
      ':KUBE-SVC-YRPTDKVS3UXDTVMX - [0:0]',
      ':KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]',
      '-A KUBE-SVC-YRPTDKVS3UXDTVMX -m statistic --mode random --probability 0.5000000000 -j KUBE-SEP-O2LRDM6PH5XEIDEL',
      '-A KUBE-SVC-YRPTDKVS3UXDTVMX -j KUBE-SEP-AAAAAAAAAAAAAAAA',
      '-A KUBE-SEP-AAAAAAAAAAAAAAAA -m tcp -p tcp -j DNAT --to-destination 10.244.2.11:8080',
    ),
    sync(
      '*nat',
      ':KUBE-SVC-YRPTDKVS3UXDTVMX - [0:0]',
      ':KUBE-SEP-AAAAAAAAAAAAAAAA - [0:0]',
      '[7:700] -A KUBE-SVC-YRPTDKVS3UXDTVMX -j KUBE-SEP-O2LRDM6PH5XEIDEL',
      '-X KUBE-SEP-AAAAAAAAAAAAAAAA',
    ),
    sync('*filter', ':KUBE-SERVICES - [0:0]', ':KUBE-EXTERNAL-SERVICES - [0:0]'),
    { run: 'iptables-legacy -w 5 -W 100000 -N KUBE-PROXY-CANARY -t mangle', status: 1 },
    nat('-C PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES'),
    nat('-S KUBE-SERVICES'),
  ],
  openwrt: [
    filter('-L -v -n -x'),
    filter('-Z zone_wan_input'),
    filter('-Z zone_wan_input 3'),
    { run: 'iptables-legacy -w -t mangle -Z' },
    filter('-R reject 1 -p tcp -m comment --comment "!fw3: quietly" -j DROP'),
    nat('-E zone_wan_prerouting zone_wan_pre'),
    nat('-F zone_wan_pre'),
    filter('-A forwarding_rule -m time --weekdays Sa,Su -m mac --mac-source 02:00:5e:10:00:02 -j reject'),
    { run: 'iptables-legacy -w -t raw -D zone_lan_helper 1' },
    { run: 'iptables-legacy -w -t raw -L -v -n' },
  ],
  ufw: [
    filter('-L ufw-user-input -n'),
    filter('-I ufw-user-input 1 -s 198.51.100.9 -j DROP'),
    filter('-F ufw-user-input'),
    {
      run: 'iptables-legacy-restore -n',
      input: [
        '*filter',
        ':ufw-user-input - [0:0]',
        ':ufw-user-limit - [0:0]',
        '-A ufw-user-input -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --set',
        '-A ufw-user-input -p tcp --dport 22 -m conntrack --ctstate NEW -m recent --update --seconds 30 --hitcount 6 -j ufw-user-limit',
        '-A ufw-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "',
        '-A ufw-user-limit -j REJECT',
        'COMMIT',
        '',
      ].join('\n'),
    },
    filter('-Z'),
    filter('-P INPUT ACCEPT'),
    filter('-D INPUT -j ufw-track-input'),
    filter('-F'),
    filter('-X'),
    nat('-F'),
  ],
};

const divider = '\u001e';

/** Each command with its input, status and words, and all rules with their counters after it. */
function script(commands: readonly Change[]): string {
  const mark = `printf '${divider}'`;
  return [
    'iptables-legacy-restore -c',
    ...commands.map(
      ({ run, input = '' }) =>
        `{ ${run}\n} 2>&1 <<'END'\n${input}\nEND\n${mark}$?'${divider}'; iptables-legacy-save -c; ${mark}`,
    ),
  ].join('\n');
}

function outcomes(run: typeof runServed, name: FixtureName) {
  const commands = changes[name];
  const { stdout, refused } = withFolder((folder) => {
    const done = run(script(commands), { folder, input: withCounters(fixture(name)) });
    return { ...done, refused: netlinkOnly(driverLogBelow(folder)) };
  });
  const parts = stdout.split(divider).map((part) => part.replace(/^#.*\n/gm, ''));
  const found = commands.map((change, at) => {
    const [output, status, saved] = parts.slice(at * 3);
    return { run: change.run, output, status: Number(status), saved };
  });
  return { found, refused };
}

describe.skipIf(reason !== undefined)(titled('changes as their programs make them', reason), () => {
  it.for(Object.keys(changes) as readonly FixtureName[])('%s', (name, context) => {
    const { found: native } = outcomes(runNative, name);
    const { found: ours, refused } = outcomes(runServed, name);
    skipNetlinkOnly(context, refused);
    expect(ours).toEqual(native);
    expect(native.map(({ status }) => status)).toEqual(changes[name].map(({ status = 0 }) => status));
  });
});
