/**
 * What people do with iptables, in words of a shell: each scenario is run in a fresh network
 * namespace, line by line, natively and below the shim; output, errors and statuses must be alike.
 */
export interface Scenario {
  readonly title: string;
  readonly lines: readonly string[];
}

const listings = [
  'iptables-legacy -L',
  'iptables-legacy -L -n -v -x --line-numbers',
  'iptables-legacy -nvL INPUT 1',
  'iptables-legacy -S',
  'iptables-legacy -S -v',
  'iptables-legacy-save',
  'iptables-legacy-save -c -t filter',
];

/** Rules of every extension that is served, as people write them; each is appended, checked and deleted. */
export const rules: readonly string[] = [
  '-A INPUT -j ACCEPT',
  '-A INPUT',
  '-A FORWARD -s 10.0.0.0/8 -d 192.168.1.1 -j DROP',
  '-A FORWARD ! -s 10.1.2.3 ! -d 172.16.0.0/12 -j RETURN',
  '-A FORWARD -s 10.0.0.1/255.0.255.0 -j DROP',
  '-A FORWARD -s 0.0.0.0/0 -j DROP',
  '-A INPUT -i eth0 -j ACCEPT',
  '-A INPUT ! -i eth+ -j ACCEPT',
  '-A FORWARD -i lo -o dummy+ -j ACCEPT',
  '-A OUTPUT ! -o tun0 -j ACCEPT',
  '-A INPUT -f -j DROP',
  '-A INPUT ! -f -p udp -j ACCEPT',
  '-A INPUT -p 47 -j ACCEPT',
  '-A INPUT ! -p tcp -j ACCEPT',
  '-A INPUT -p tcp --dport 80 -j ACCEPT',
  '-A INPUT -p tcp ! --sport 1024:65535 --dport ssh -j ACCEPT',
  '-A INPUT -p tcp --sport :1023 --dport 8000: -j ACCEPT',
  '-A INPUT -p tcp --syn -j DROP',
  '-A INPUT -p tcp ! --syn -m conntrack --ctstate NEW -j DROP',
  '-A INPUT -p tcp --tcp-flags ALL FIN,URG,PSH -j DROP',
  '-A INPUT -p tcp --tcp-option 5 -j DROP',
  '-A INPUT -p udp --dport 53 -j ACCEPT',
  '-A INPUT -p udp ! --dport 137:138 -j ACCEPT',
  '-A INPUT -p icmp --icmp-type echo-request -j ACCEPT',
  '-A INPUT -p icmp --icmp-type 3/1 -j ACCEPT',
  '-A INPUT -p icmp ! --icmp-type any -j ACCEPT',
  '-A INPUT -p icmp ! --icmp-type timestamp-request -j ACCEPT',
  '-A INPUT -m comment --comment "a comment with \\"quotes\\" and spaces" -j ACCEPT',
  '-A INPUT -p tcp -m multiport --dports 22,80,443,8000:8100 -j ACCEPT',
  '-A INPUT -p udp -m multiport ! --sports 53,67 -j ACCEPT',
  '-A INPUT -p tcp -m multiport --ports 1:10,20 -j ACCEPT',
  '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
  '-A INPUT -m conntrack ! --ctstate INVALID,NEW -j ACCEPT',
  '-A INPUT -m conntrack --ctstate NEW,DNAT -j ACCEPT',
  '-A INPUT -m conntrack --ctproto 6 --ctorigsrc 10.0.0.0/8 --ctreplsrc 10.0.0.1 -j ACCEPT',
  '-A INPUT -m conntrack --ctorigdstport 80 --ctproto tcp -j ACCEPT',
  '-A INPUT -m conntrack --ctdir REPLY -j ACCEPT',
  '-A INPUT -m conntrack --ctstatus ASSURED,SEEN_REPLY -j ACCEPT',
  '-A INPUT -m conntrack --ctexpire 10:100 -j ACCEPT',
  '-A INPUT -m state --state NEW,ESTABLISHED -j ACCEPT',
  '-A INPUT -m state ! --state UNTRACKED -j ACCEPT',
  '-A INPUT -m limit --limit 3/min --limit-burst 7 -j ACCEPT',
  '-A INPUT -m limit --limit 1000/sec -j ACCEPT',
  '-A INPUT -m mark --mark 0x10/0xff -j ACCEPT',
  '-A INPUT -m mark ! --mark 7 -j ACCEPT',
  '-A INPUT -j REJECT',
  '-A FORWARD -p tcp -j REJECT --reject-with tcp-reset',
  '-A INPUT -j REJECT --reject-with icmp-admin-prohibited',
  '-A INPUT -j LOG',
  '-A INPUT -j LOG --log-prefix "seen: " --log-level debug --log-tcp-options --log-ip-options --log-uid --log-tcp-sequence',
  '-A INPUT -j MARK --set-mark 5',
  '-A INPUT -j MARK --set-xmark 0x1/0xf',
  '-A INPUT -j MARK --or-mark 0x20',
];

const everyRule: Scenario = {
  title: 'every extension, appended, listed, checked, deleted',
  lines: [
    ...rules.map((rule) => `iptables-legacy ${rule}`),
    ...listings,
    ...rules.map((rule) => `iptables-legacy ${rule.replace(/^-A/, '-C')}`),
    ...rules.map((rule) => `iptables-legacy ${rule.replace(/^-A/, '-D')}`),
    'iptables-legacy-save -t filter',
  ],
};

const chains: Scenario = {
  title: 'chains: made, jumped to, renamed, replaced, emptied, deleted, policies',
  lines: [
    'iptables-legacy -N web',
    'iptables-legacy -N deeper',
    'iptables-legacy -A web -p tcp --dport 80 -j ACCEPT',
    'iptables-legacy -A web -g deeper',
    'iptables-legacy -A deeper -j RETURN',
    'iptables-legacy -A INPUT -j web',
    'iptables-legacy -I INPUT -s 10.0.0.1 -j DROP',
    'iptables-legacy -I INPUT 2 -s 10.0.0.2 -j deeper',
    'iptables-legacy -R INPUT 1 -s 10.0.0.3 -j LOG --log-prefix x',
    'iptables-legacy -P FORWARD DROP',
    ...listings,
    'iptables-legacy -L web',
    'iptables-legacy -E web shop',
    'iptables-legacy -S INPUT',
    'iptables-legacy -Z',
    'iptables-legacy -L -Z -v',
    'iptables-legacy -D INPUT 2',
    'iptables-legacy -X deeper',
    'iptables-legacy -X nosuch',
    'iptables-legacy -F shop',
    'iptables-legacy -X deeper',
    'iptables-legacy -F',
    'iptables-legacy -X',
    ...listings,
  ],
};

const mistakes: Scenario = {
  title: 'mistakes',
  lines: [
    'iptables-legacy -A nosuch -j ACCEPT',
    'iptables-legacy -A INPUT -j nosuch',
    'iptables-legacy -N INPUT',
    'iptables-legacy -N one',
    'iptables-legacy -N one',
    'iptables-legacy -N a-name-that-is-far-too-long-for-a-chain',
    'iptables-legacy -A one -j one',
    'iptables-legacy -N two',
    'iptables-legacy -A one -j two',
    'iptables-legacy -A two -j one',
    'iptables-legacy -X two',
    'iptables-legacy -D INPUT 5',
    'iptables-legacy -D INPUT -s 1.2.3.4 -j DROP',
    'iptables-legacy -C INPUT -s 1.2.3.4 -j DROP',
    'iptables-legacy -A INPUT -m nosuch -j ACCEPT',
    'iptables-legacy -A INPUT --dport 80 -j ACCEPT',
    'iptables-legacy -t nosuch -L',
    'iptables-legacy -P INPUT one',
    'iptables-legacy -P one DROP',
    'iptables-legacy -A FORWARD -j REJECT --reject-with tcp-reset',
    'iptables-legacy -t mangle -A INPUT -j REJECT',
    'iptables-legacy -t nat -A PREROUTING -j DROP',
    'iptables-legacy -A INPUT -m limit --limit 1/day --limit-burst 60000 -j ACCEPT',
    'iptables-legacy -A INPUT -i alongerthansixteen -j ACCEPT',
    'iptables-legacy -E one two',
    'iptables-legacy -E nosuch three',
    'iptables-legacy -R INPUT 3 -j ACCEPT',
    'iptables-legacy -I INPUT 9 -j ACCEPT',
    'iptables-legacy -L nosuch',
    ...listings,
  ],
};

const tables: Scenario = {
  title: 'all five tables',
  lines: [
    ...['raw', 'mangle', 'nat', 'filter', 'security'].flatMap((table) => [
      `iptables-legacy -t ${table} -L -n -v`,
      `iptables-legacy -t ${table} -A OUTPUT -d 10.9.8.7 -m comment --comment ${table} -j ACCEPT`,
      `iptables-legacy -t ${table} -N user`,
      `iptables-legacy -t ${table} -A OUTPUT -p udp -j user`,
      `iptables-legacy -t ${table} -S`,
    ]),
    'iptables-legacy -t mangle -A PREROUTING -j MARK --set-mark 1',
    'iptables-legacy -t mangle -P POSTROUTING DROP',
    'iptables-legacy-save',
    'iptables-legacy-save -c',
    'iptables-legacy-save -t nat',
    'iptables-legacy -t nat -F; iptables-legacy -t nat -X',
    'iptables-legacy-save',
  ],
};

const saved = `*filter
:INPUT DROP [12:345]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [7:8]
:chain - [0:0]
[10:1000] -A INPUT -i lo -j ACCEPT
[18446744073709551615:1] -A INPUT -p tcp -m tcp --dport 22 -j chain
-A chain -j RETURN
COMMIT
*mangle
:PREROUTING ACCEPT [1:2]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -j MARK --set-xmark 0x2/0xffffffff
COMMIT
`;

const restoring: Scenario = {
  title: 'save and restore',
  lines: [
    `cat > saved <<'END'\n${saved}END`,
    'iptables-legacy-restore saved',
    ...listings,
    'iptables-legacy-restore -c saved',
    ...listings,
    'iptables-legacy-restore -t saved',
    'iptables-legacy-restore -T mangle saved',
    'iptables-legacy-save -c',
    'printf "*filter\\n-A INPUT -j ACCEPT\\nCOMMIT\\n" | iptables-legacy-restore -n',
    'iptables-legacy-save -c',
    'iptables-legacy-save -c | grep -v "^#" > again; iptables-legacy-restore -c again; iptables-legacy-save -c | grep -v "^#" | diff again -',
    'printf "*filter\\n-A INPUT -j nosuch\\nCOMMIT\\n" | iptables-legacy-restore',
    'printf "*filter\\n-A INPUT -m nosuch\\nCOMMIT\\n" | iptables-legacy-restore',
    'printf "*nosuch\\nCOMMIT\\n" | iptables-legacy-restore',
    'printf "*filter\\nnonsense\\nCOMMIT\\n" | iptables-legacy-restore -t',
    'iptables-legacy-save -c',
  ],
};

export const scenarios: readonly Scenario[] = [everyRule, chains, mistakes, tables, restoring];
