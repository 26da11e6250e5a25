import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inNamespace, runServed } from './way.ts';

const here = missing('root', 'build', 'nft', 'iptables-legacy');
const reason = here ?? missing('netlink');

/** The kernel's own xt extensions carry what nft can't say (rules/nft/xt.ts); CHECKSUM wants a table called mangle. */
const plainRule = 'iptables -t mangle -A OUTPUT -p icmp -j MARK --set-mark 1';
const boundRule = 'iptables -t mangle -A OUTPUT -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill';
const pings = 'ip link set lo up; ping -c 3 -i 0.01 -q 127.0.0.1 >/dev/null';
const counted = 'iptables -t mangle -L OUTPUT -vnx | awk "NR > 2 { print \\$1, \\$3 }"';

describe.skipIf(reason !== undefined)(titled("the kernel's own extensions", reason), () => {
  test('a table moves to the name that one of them wants: rules and counters go on', () => {
    withFolder((folder) => {
      const script = [plainRule, pings, 'nft list tables', boundRule, 'nft list tables', pings, counted].join(' && ');
      const ran = runServed(script, { folder });
      expect(ran).toMatchObject({ status: 0, stderr: '' });
      expect(ran.stdout).toBe('table ip bpfilter_mangle\ntable ip mangle\n12 MARK\n0 CHECKSUM\n');
    });
  });

  test('a driver started later finds it there; without the rule it keeps the name; reset takes it away', () => {
    withFolder((folder) => {
      const after = 'iptables -t mangle -D OUTPUT 2; iptables -t mangle -S OUTPUT; nft list tables';
      const script = `${plainRule}; ${boundRule}; ${bpfilter} umh kill >&2; ${after}; ${bpfilter} reset; nft list tables`;
      const ran = runServed(script, { folder });
      expect(ran.stdout).toBe(
        '-P OUTPUT ACCEPT\n-A OUTPUT -p icmp -j MARK --set-xmark 0x1/0xffffffff\ntable ip mangle\n',
      );
    });
  });

  test.each(['-F; iptables-nft -t mangle -X', '-X'])(
    'iptables-nft %s: it is put back; a reset leaves nothing',
    (what) => {
      withFolder((folder) => {
        const emptied = `iptables-nft -t mangle ${what}`;
        const ask = 'iptables -t mangle -S OUTPUT && iptables -t mangle -A OUTPUT -p tcp && nft list tables';
        const script = `${boundRule}; ${emptied}; ${bpfilter} umh kill >&2; ${ask}; ${emptied}; ${bpfilter} reset; nft list tables`;
        const ran = runServed(script, { folder });
        expect(ran.stdout).toBe(
          '-P OUTPUT ACCEPT\n-A OUTPUT -p udp -m udp --dport 68 -j CHECKSUM --checksum-fill\ntable ip mangle\n',
        );
      });
    },
  );

  test('a name that somebody else has: the rule is refused with the reason, the others stay, nobody is touched', () => {
    withFolder((folder) => {
      const script = `nft add table ip mangle; ${plainRule}; ${boundRule}; echo $?; iptables -t mangle -S OUTPUT; nft list tables; cat ${folder}/*/log >&2`;
      const ran = runServed(script, { folder });
      expect(ran.stdout).toBe(
        '1\n-P OUTPUT ACCEPT\n-A OUTPUT -p icmp -j MARK --set-xmark 0x1/0xffffffff\ntable ip mangle\ntable ip bpfilter_mangle\n',
      );
      expect(ran.stderr).toContain('iptables: Device or resource busy.');
      expect(ran.stderr).toContain('one of its rules needs the nft table ip mangle, and somebody else has one');
    });
  });
});

describe.skipIf(here !== undefined)(titled("without the kernel's own extensions", here), () => {
  test.each([
    { flag: '--no-xt', why: 'it was forbidden' },
    { flag: '--nft exec', why: 'only netlink can load it' },
  ])('run $flag: refused with the reason', ({ flag, why }) => {
    withFolder((folder) => {
      const script = `${bpfilter} run ${flag} -- sh -c '${boundRule}'; echo $?; cat ${folder}/*/log >&2`;
      const ran = runCommand([...inNamespace, 'sh', '-c', script], { folder });
      expect(ran.stdout).toBe('1\n');
      expect(ran.stderr).toContain('Operation not supported');
      expect(ran.stderr).toContain(`nor can the kernel's own target CHECKSUM: ${why}`);
    });
  });

  test('run --nft exec: what netlink has put in force stays and counts, other rules change; flushed, it waits for netlink', () => {
    withFolder((folder) => {
      const by = (way: string, line: string) => `${bpfilter} run --nft ${way} -- sh -c '${line}'`;
      const list = 'iptables -S OUTPUT | tail -n +2; echo $?';
      const count = 'iptables -L OUTPUT -vnx | awk "NR == 3 { print \\$1 }"';
      const script = [
        by('netlink', 'iptables -A OUTPUT -m string --string abc --algo bm; iptables -A OUTPUT -p tcp'),
        'ip link set lo up; ping -c 2 -i 0.01 -q -p 616263 127.0.0.1 >/dev/null',
        by('exec', `${count}; iptables -D OUTPUT 2; iptables -A OUTPUT -p udp; ${list}`),
        'nft flush ruleset',
        by('exec', 'iptables -S OUTPUT; echo $?; iptables -t mangle -S | wc -l'),
        by('netlink', list),
        `cat ${folder}/*/log >&2`,
      ].join('\n');
      const ran = runCommand([...inNamespace, 'sh', '-c', script], { folder });
      const rules = '-A OUTPUT -m string --string "abc" --algo bm\n-A OUTPUT -p udp\n0\n';
      expect(ran.stdout).toBe(`4\n${rules}3\n5\n${rules}`);
      expect(ran.stderr).toContain('serve the table over netlink');
    });
  });
});
