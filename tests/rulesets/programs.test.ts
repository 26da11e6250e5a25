import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { skipNetlinkOnly } from '../harness/netlink-only.ts';
import { missing, titled } from '../harness/ways.ts';
import { missingProgram } from './package.ts';
import { type ProgramStep, runProgram, type StepOutcome } from './program-steps.ts';

interface Program {
  readonly title: string;
  readonly needs: readonly [program: string, packageName: string];
  /** For the shell: its configuration. */
  readonly prepare: string;
  readonly steps: readonly ProgramStep[];
  /** What natively must stand in the rules, else the program did nothing: after which step, and what. */
  readonly made: Readonly<Record<string, string>>;
}

const ufw: Program = {
  title: 'ufw',
  needs: ['ufw', 'ufw'],
  prepare: 'sed -i s/^IPV6=.*/IPV6=no/ /etc/default/ufw',
  steps: [
    { run: 'ufw default deny outgoing' },
    { run: 'ufw --force enable' },
    { run: 'ufw allow 22/tcp' },
    { run: 'ufw allow proto tcp from 10.0.0.0/8 to any port 80,443' },
    { run: 'ufw deny from 203.0.113.0/24' },
    { run: "ufw limit 2222/tcp comment 'spare ssh'" },
    { run: 'ufw reject out to 192.0.2.1 port 25 proto tcp' },
    { run: 'ufw route allow in on eth0 out on eth1 log to 10.2.0.2 port 8080 proto tcp' },
    { run: 'ufw insert 1 deny log from 198.51.100.7' },
    { run: 'ufw delete allow 22/tcp' },
    { run: 'ufw logging high' },
    { run: 'ufw status verbose' },
    { run: 'ufw show raw' },
    { run: 'ufw reload' },
    { run: 'ufw disable' },
    { run: 'ufw status' },
  ],
  made: {
    'ufw --force enable': '-A ufw-before-input -m conntrack --ctstate INVALID -j DROP',
    'ufw deny from 203.0.113.0/24': '-A ufw-user-input -s 203.0.113.0/24 -j DROP',
    "ufw limit 2222/tcp comment 'spare ssh'": '--update --seconds 30 --hitcount 6 --name DEFAULT',
    'ufw logging high': '[UFW AUDIT] ',
    'ufw reload': '-A ufw-user-forward -d 10.2.0.2/32 -i eth0 -o eth1 -p tcp -m tcp --dport 8080 -j ACCEPT',
  },
};

const fail2ban: Program = {
  title: 'fail2ban',
  needs: ['fail2ban-client', 'fail2ban'],
  prepare: `rm -f /etc/fail2ban/jail.d/*
cat > /etc/fail2ban/fail2ban.local <<END
[Definition]
logtarget = $BPFILTER_BASE/fail2ban.log
socket = $BPFILTER_BASE/socket
pidfile = $BPFILTER_BASE/pid
dbfile = None
allowipv6 = no
END
cat > /etc/fail2ban/filter.d/tiny.conf <<END
[Definition]
failregex = ^bad <HOST>$
datepattern = {NONE}
END
touch "$BPFILTER_BASE/tried"
cat > /etc/fail2ban/jail.local <<END
[DEFAULT]
backend = polling
logpath = $BPFILTER_BASE/tried
filter = tiny
usedns = no
bantime = 600
[tiny]
enabled = true
maxretry = 1
action = iptables-multiport[name=tiny, port="22,2222", protocol="tcp,udp"]
[others]
enabled = true
maxretry = 5
action = iptables-allports[name=others, protocol=tcp, blocktype="REJECT --reject-with tcp-reset", chain=FORWARD]
         iptables[name=one, port=25, protocol=tcp, blocktype=DROP]
END`,
  steps: [
    { run: 'fail2ban-client start' },
    { run: 'fail2ban-client set tiny banip 203.0.113.5', until: '-A f2b-tiny -s 203.0.113.5/32' },
    { run: 'fail2ban-client set tiny banip 203.0.113.6 198.51.100.0/24', until: '-A f2b-tiny -s 198.51.100.0/24' },
    { run: 'echo bad 203.0.113.99 >> "$BPFILTER_BASE/tried"', until: '-A f2b-tiny -s 203.0.113.99/32' },
    { run: 'fail2ban-client status tiny' },
    { run: 'fail2ban-client set others banip 203.0.113.5', until: '-A f2b-one -s 203.0.113.5/32' },
    { run: 'fail2ban-client set tiny unbanip 203.0.113.6', untilNot: '-A f2b-tiny -s 203.0.113.6/32' },
    { run: 'fail2ban-client unban 203.0.113.5', untilNot: '203.0.113.5/32' },
    { run: 'fail2ban-client stop others', untilNot: 'f2b-others' },
    { run: 'fail2ban-client unban --all', untilNot: '-A f2b-tiny -s' },
    { run: 'fail2ban-client set tiny banip 192.0.2.1', until: '-A f2b-tiny -s 192.0.2.1/32' },
    { run: 'fail2ban-client stop', untilNot: 'f2b-' },
  ],
  made: {
    'fail2ban-client set tiny banip 203.0.113.5': '-A INPUT -p tcp -m multiport --dports 22,2222 -j f2b-tiny',
    'echo bad 203.0.113.99 >> "$BPFILTER_BASE/tried"': '-A f2b-tiny -s 203.0.113.99/32 -j REJECT',
    'fail2ban-client set others banip 203.0.113.5': '-A f2b-one -s 203.0.113.5/32 -j DROP',
  },
};

/** Where these programs write. */
const written = ['/etc/default', '/etc/fail2ban', '/etc/ufw', '/lib/ufw', '/run', '/var/lib/fail2ban', '/var/lib/ufw'];

/** Every file there of these programs, with the time of its last change. */
function filesWritten(): readonly string[] {
  return written
    .filter((folder) => fs.existsSync(folder))
    .flatMap((folder) =>
      fs.readdirSync(folder, { recursive: folder !== '/run' }).map((name) => path.join(folder, String(name))),
    )
    .filter((file) => !file.startsWith('/run/') || /ufw|fail2ban/.test(file))
    .map((file) => `${file} ${fs.lstatSync(file).mtimeMs}`);
}

function stepOf(steps: readonly StepOutcome[], at: number): StepOutcome {
  const step = steps[at];
  if (step === undefined) throw new Error('no result');
  return step;
}

for (const { title, needs, prepare, steps, made } of [ufw, fail2ban]) {
  const reason = missing('root', 'build', 'nft', 'iptables-legacy', 'kernel ip_tables') ?? missingProgram(...needs);
  describe.skipIf(reason !== undefined)(titled(title, reason), () => {
    let native: readonly StepOutcome[] = [];
    let ours: readonly StepOutcome[] = [];
    let before: readonly string[] = [];
    beforeAll(() => {
      before = filesWritten();
      native = runProgram('native', prepare, steps);
      ours = runProgram('ours', prepare, steps);
    }, 300_000);

    it.for(steps.map((step, at) => ({ ...step, at })))('$at: $run', ({ run, until, untilNot, at }, context) => {
      const { netlinkOnly, ...mine } = stepOf(ours, at);
      const { netlinkOnly: _, ...theirs } = stepOf(native, at);
      // programs try what there is before they use it: not every refusal shows
      if (!isDeepStrictEqual(mine, theirs)) skipNetlinkOnly(context, netlinkOnly);
      expect(mine).toEqual(theirs);
      expect(native[at]?.status).toBe(0);
      for (const rule of [made[run], until]) if (rule !== undefined) expect(native[at]?.saved).toContain(rule);
      if (untilNot !== undefined) expect(native[at]?.saved).not.toContain(untilNot);
    });

    it('leaves the machine as it was', () => {
      expect(before.length).toBeGreaterThan(10);
      expect(filesWritten()).toEqual(before);
    });
  });
}
