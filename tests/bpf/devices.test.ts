import { describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { outputOf, scriptReason } from './served-script.ts';

/** Prints the counters, and whether BPF carries the table filter where the kernel's ip_tables doesn't. */
const counters = `iptables-legacy-save -c | grep -v '^#'`;
const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';

const scripts: readonly { readonly title: string; readonly script: string }[] = [
  {
    title: 'OUTPUT after a table before has had packets routed anew: the device is the one they were to leave by',
    script: `
      ip link set lo up
      for n in 0 1; do
        ip link add veth$n type veth peer name peer$n
        ip link set veth$n up
        ip link set peer$n up
        ip addr add 10.9.$n.1/24 dev veth$n
        ip neigh add 192.0.2.1 lladdr 02:00:00:00:00:09 dev veth$n
      done
      ip route add default dev veth0
      ip route add default dev veth1 table 100
      ip rule add fwmark 3 lookup 100
      iptables-legacy -t mangle -A OUTPUT -d 192.0.2.1 -j MARK --set-mark 3
      iptables-legacy -N asks
      iptables-legacy -A OUTPUT -j asks
      (
        echo '*filter'
        for device in veth0 veth1 veth veth+ peer+ v+ lo; do printf '%s\\n' "-A asks -o $device" "-A asks ! -o $device"; done
        echo COMMIT
      ) | iptables-legacy-restore -n
      iptables-legacy -A asks -o veth1 -j DROP
      ping -q -c 2 -i 0.2 -W 1 192.0.2.1 > /dev/null || true
      ping -q -c 1 127.0.0.1 > /dev/null
      ${counters}`,
  },
  {
    title:
      'what a bridge forwards comes by the bridge and leaves by it; POSTROUTING is told the first device of what is routed',
    script: `
      echo 1 > /proc/sys/net/bridge/bridge-nf-call-iptables
      echo 1 > /proc/sys/net/ipv4/ip_forward
      ip link add bridge0 type bridge mcast_snooping 0
      ip link set bridge0 up
      ip addr add 10.8.0.254/24 dev bridge0
      for n in 1 2 3; do
        unshare -n sleep 60 > /dev/null 2>&1 & eval host$n=$!
        sleep 0.3
        ip link add veth$n type veth peer name peer$n netns $!
        ip link set veth$n up
        nsenter -t $! -n ip link set peer$n up
        nsenter -t $! -n ip addr add 10.8.$((n / 3)).$n/24 dev peer$n
        nsenter -t $! -n ip route add default via 10.8.$((n / 3)).254
      done
      trap "kill $host1 $host2 $host3" EXIT
      ip link set veth1 master bridge0
      ip link set veth2 master bridge0
      ip addr add 10.8.1.254/24 dev veth3
      devices="bridge0 veth1 veth2 veth3 veth+"
      ask() {
        for device in $devices; do printf '%s\\n' "-A $1 $2 $device" "-A $1 ! $2 $device"; done
      }
      (
        echo '*filter'
        ask FORWARD -i; ask FORWARD -o; ask INPUT -i; ask OUTPUT -o
        printf '%s\\n' COMMIT '*mangle'
        for chain in PREROUTING INPUT FORWARD OUTPUT POSTROUTING; do
          printf '%s\\n' ":asks_$chain -" "-A $chain -j asks_$chain"
          ask asks_$chain -i; ask asks_$chain -o
        done
        echo COMMIT
      ) | iptables-legacy-restore
      nsenter -t $host1 -n ping -q -c 2 -i 0.2 10.8.0.2 > /dev/null
      nsenter -t $host1 -n ping -q -c 2 -i 0.2 10.8.0.254 > /dev/null
      nsenter -t $host1 -n ping -q -c 2 -i 0.2 10.8.1.3 > /dev/null
      ${counters}`,
  },
];

describe.skipIf(scriptReason !== undefined)(
  titled('devices that rules are told: as by ip_tables', scriptReason),
  () => {
    it.each(scripts)('$title', ({ script }) => {
      const natively = outputOf(script, 'natively');
      expect(natively).toMatch(/\[[1-9]\d*:\d+\] -A/);
      expect(outputOf(`${script}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
    });
  },
);
