import { describe, expect, test } from 'vitest';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';

const reason = missing('root', 'build', 'transport', 'iptables-legacy');

/** What a script says below the shim, line by line. */
function says(script: string): {
  readonly lines: readonly string[];
  readonly stderr: string;
  readonly status: number | null;
} {
  return withFolder((folder) => {
    const { stdout, stderr, status } = runCommand(['unshare', '-n', bpfilter, 'run', '--', 'sh', '-c', script], {
      folder,
    });
    return { lines: stdout.trimEnd().split('\n'), stderr, status };
  });
}

describe.skipIf(reason !== undefined)(titled('bpfilter bpf', reason), () => {
  test('records, with the rules in order', () => {
    const script = `iptables-legacy -A INPUT -s 10.0.0.0/8 -p tcp --dport 80 -j DROP
      iptables-legacy -N web
      iptables-legacy -A INPUT -i eth+ -p tcp -m multiport --dports 1,5:9 ! -d 1.2.3.4 -g web
      ${bpfilter} bpf --table filter`;
    expect(says(script)).toEqual({
      lines: [
        'INPUT: begins at 0, policy at 8',
        'FORWARD: begins at 9, policy at 9',
        'OUTPUT: begins at 10, policy at 10',
        '0: if source 10.0.0.0/255.0.0.0, protocol 6, destination port 80, else 1: drop, counter 0, with 20 bytes of transport header or dropped',
        '1: if protocol 6, else 8: on to 2',
        '2: (destination ^ 0x1020304) & 0xffffffff == 0 ? 8 : 3',
        '3: in interface "eth"* ? 4 : 8',
        '4: on to 5, with 4 bytes of transport header or dropped',
        '5: (destinationPort ^ 0x1) & 0xffffffff == 0 ? 7 : 6',
        '6: destinationPort in 5–9 ? 7 : 8',
        '7: goto 11, counter 1',
        '8: accept, counter 2',
        '9: accept, counter 3',
        '10: accept, counter 4',
        '11: return, counter 6',
      ],
      stderr: '',
      status: 0,
    });
  });

  test('a run of rules as a lookup', () => {
    const rules = '(echo "*filter"; for i in $(seq 40); do echo "-A INPUT -s 10.0.0.$i -j DROP"; done; echo COMMIT)';
    const { lines } = says(`${rules} | iptables-legacy-restore; ${bpfilter} bpf`);
    expect(lines.slice(3, 6)).toEqual([
      '40 keys to look up',
      '0: look up source in 128 slots',
      '1: on to the first rule found, else 42',
    ]);
  });

  test('the program of a hook', () => {
    const { lines, status } = says(`${bpfilter} bpf --program FORWARD`);
    expect(status).toBe(0);
    expect(lines[0]).toBe('0: r6 = r1');
    expect(lines.at(-1)).toMatch(/: exit$/);
  });

  test.each([
    {
      title: 'a rule that BPF cannot carry',
      script: `iptables-legacy -A OUTPUT -j LOG; ${bpfilter} bpf`,
      says: /rule 1 of chain OUTPUT: target LOG/,
    },
    {
      title: 'a chain that is not there',
      script: `${bpfilter} bpf --program PREROUTING`,
      says: /no built-in chain PREROUTING/,
    },
    { title: 'a table that is not there', script: `${bpfilter} bpf -t odd`, says: /odd/ },
  ])('$title is said', ({ script, says: wanted }) => {
    const { stderr, status } = says(script);
    expect(stderr).toMatch(wanted);
    expect(status).not.toBe(0);
  });
});
