import { describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { outputOf, scriptReason } from './served-script.ts';

/** Connections by what stands in them: of ICMP, which expire after 30 seconds, and of UDP that nobody answers, too. */
const asks = [
  '--ctexpire 20:30',
  '--ctexpire 31:99999',
  '--ctexpire 0',
  '--ctproto icmp',
  '--ctproto 17',
  '--ctorigsrc 127.0.0.0/30',
  '--ctorigdst 127.0.0.2',
  '--ctreplsrc 127.0.0.2',
  '--ctrepldst 127.0.0.1',
  '--ctorigdstport 7000:7001',
  '--ctorigsrcport 7001',
  '--ctreplsrcport 7000',
  '--ctrepldstport 7001',
  '--ctstate NEW --ctexpire 20:30',
];

const script = `
  ip link set lo up
  echo 0 > /proc/sys/net/ipv4/conf/lo/rp_filter
  (
    echo '*filter'
    for chain in INPUT OUTPUT; do
      ${asks
        .flatMap((text) => [text, text.replace(/--ct(?!state)/, '! --ct')])
        .map((text) => `echo "-A $chain -m conntrack ${text}"`)
        .join('\n      ')}
      for direction in ORIGINAL REPLY; do echo "-A $chain -m conntrack --ctdir $direction"; done
    done
    echo COMMIT
  ) | iptables-legacy-restore
  ping -q -c 3 -i 0.2 127.0.0.2 > /dev/null
  for n in 1 2 3; do bash -c 'echo > /dev/udp/127.0.0.2/7000' || true; done
  iptables-legacy-save -c | grep -v '^#'`;

const counts = ['packets', 'bytes', 'avgpkt'].flatMap((mode) =>
  ['original', 'reply', 'both'].flatMap((direction) =>
    [
      ...['0', '1', '2:4', '0:3', '3', '84', '84:168', '85:200', '60:100', '0:84', '200:9000', '4294967296'],
      '0:18446744073709551615',
    ].flatMap((range) =>
      ['', '! '].map(
        (not) => `connbytes ${not}--connbytes ${range} --connbytes-mode ${mode} --connbytes-dir ${direction}`,
      ),
    ),
  ),
);

/** Pings, which are answered, of several lengths, and datagrams that nobody answers; twice from the same port. */
const countedScript = `
  ip link set lo up
  echo 0 > /proc/sys/net/ipv4/conf/lo/rp_filter
  (
    echo '*filter'
    ${counts.map((text) => `for chain in INPUT OUTPUT; do echo "-A $chain -m ${text}"; done`).join('\n    ')}
    echo COMMIT
  ) | iptables-legacy-restore
  ping -q -c 3 -i 0.2 127.0.0.2 > /dev/null
  ping -q -c 2 -i 0.2 -s 700 127.0.0.2 > /dev/null
  for n in 1 2 3; do bash -c 'exec 3> /dev/udp/127.0.0.2/7000; echo > /dev/fd/3; echo more >&3' 2> /dev/null || true; done
  cat /proc/sys/net/netfilter/nf_conntrack_acct
  iptables-legacy-save -c | grep -v '^#'`;

/** Labels that a rule of another table sets, which nftables carries. */
const labels = [0, 1, 7, 8, 63, 64, 72, 127];
const labelScript = `
  ip link set lo up
  echo 0 > /proc/sys/net/ipv4/conf/lo/rp_filter
  (
    echo '*mangle'
    ${labels.map((label, at) => `echo "-A OUTPUT -d 127.0.0.${at + 1} -m connlabel --label ${label} --set"`).join('\n    ')}
    echo COMMIT
    echo '*filter'
    ${[...labels, 3, 65, 126]
      .flatMap((label) => [`--label ${label}`, `! --label ${label}`])
      .map((text) => `for chain in INPUT OUTPUT; do echo "-A $chain -m connlabel ${text}"; done`)
      .join('\n    ')}
    echo COMMIT
    echo '*raw'
    echo '-A PREROUTING -m connlabel --label 1'
    echo '-A PREROUTING -m connlabel ! --label 1'
    echo '-A OUTPUT -d 127.0.0.8 -j NOTRACK'
    echo COMMIT
  ) | iptables-legacy-restore
  for host in ${labels.map((_, at) => at + 1).join(' ')}; do ping -q -c 1 127.0.0.$host > /dev/null; done
  iptables-legacy-save -c | grep -v '^#'`;

describe.skipIf(scriptReason !== undefined)(titled('what connections are: as by ip_tables', scriptReason), () => {
  it('expiry, protocol, both ends of both directions', () => {
    const natively = outputOf(script, 'natively');
    expect(natively.match(/^\[[1-9]/gm)?.length).toBeGreaterThan(25);
    expect(natively.match(/^\[0:/gm)?.length).toBeGreaterThan(5);
    const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';
    expect(outputOf(`${script}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
  });

  it('what went over them', () => {
    const natively = outputOf(countedScript, 'natively');
    expect(natively.match(/^\[[1-9]/gm)?.length).toBeGreaterThan(200);
    expect(natively.match(/^\[0:/gm)?.length).toBeGreaterThan(100);
    expect(new Set(natively.match(/^\[\d+:/gm)).size).toBeGreaterThan(8);
    const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';
    expect(outputOf(`${countedScript}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
  });

  it('their labels', () => {
    const natively = outputOf(labelScript, 'natively');
    expect(natively.match(/^\[[1-9]\d*:\d+\] -A INPUT -m connlabel --label/gm)?.length).toBeGreaterThan(5);
    expect(natively.match(/^\[0:0\] -A INPUT -m connlabel --label/gm)?.length).toBeGreaterThan(3);
    const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';
    expect(outputOf(`${labelScript}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
  });
});
