/** The header match in all its forms. */
const header = [
  '',
  '-s 10.0.0.1',
  '! -s 10.0.0.0/8 -d 192.168.1.0/24',
  '-s 127.0.0.1 -d 127.0.0.0/8',
  '-s 169.254.0.0/16 ! -d 0.0.0.0/8',
  '-s 255.255.255.255 -d 224.0.0.0/4',
  '-s 10.1.2.3/255.0.255.0 -d 1.2.3.4/0.0.0.255',
  '! -s 0.0.0.0/0 ! -d 0.0.0.0/0',
  '-s 172.16.0.0/12 -d 100.64.0.0/10',
  '-s 192.0.2.128/25 -d 198.51.100.254/31',
  '-s 0.0.0.0/1',
  '-i eth0',
  '! -i lo',
  '-i eth+',
  '! -i averylongname15',
  '-i +',
  '-i veth12345678+',
  '-p 4',
  '-p 47',
  '! -p 89',
  '-p 132',
  '! -p tcp',
  '-p udplite',
  '-p esp',
  '-p ah',
  '-p 135',
  '-p 58',
  '-p 200',
  '-p 253',
  '-p all',
  '-f',
  '! -f',
  '! -s 10.0.0.0/8 ! -d 10.0.0.0/8 ! -i eth+ ! -p udp -f',
];

const tcp = [
  '--dport 80',
  '--sport 1024:65535',
  '! --dport 22:25',
  '! --sport 0',
  '--sport 65535 --dport 0:1023',
  '--dport 12345',
  '--dport http',
  '--tcp-flags SYN,ACK SYN',
  '! --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE',
  '--tcp-flags ALL ALL',
  '--tcp-flags ALL FIN,PSH,URG',
  '--syn',
  '! --syn',
  '--tcp-option 2',
  '! --tcp-option 8',
  '--sport 53 --dport 443 --syn --tcp-option 4',
].map((options) => `-p tcp -m tcp ${options}`);

const udp = ['', '--dport 53', '--sport 67:68 --dport 67:68', '! --dport 514', '! --sport 40000:50000 ! --dport 7'].map(
  (options) => `-p udp -m udp ${options}`,
);

const icmp = [
  '--icmp-type 8',
  '--icmp-type echo-reply',
  '! --icmp-type 3',
  '--icmp-type 3/4',
  '! --icmp-type 5/1',
  '--icmp-type any',
  '--icmp-type 200',
  '--icmp-type 8/77',
  '--icmp-type 11',
].map((options) => `-p icmp -m icmp ${options}`);

const comment = [
  '-m comment --comment plain',
  '-m comment --comment "two words"',
  '-m comment --comment "quote \\" back\\\\slash \'single\'"',
  '-m comment --comment "grüße, 世界"',
  '-m comment --comment "a */ b /* c"',
  '-m comment --comment one -m comment --comment "and two"',
  `-m comment --comment "${'x'.repeat(255)}"`,
];

const multiport = [
  '-p tcp -m multiport --dports 80,443',
  '-p tcp -m multiport --sports 1:1023,8080',
  '-p udp -m multiport --ports 53,123,5000:6000',
  '-p tcp -m multiport ! --dports 22,23,25',
  '-p tcp -m multiport ! --sports 0:65535',
  '-p udp -m multiport ! --ports 7',
  '-p sctp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15',
  '-p 33 -m multiport --dports 5',
  '-p udplite -m multiport --dports 53',
];

const states = [
  '-m state --state NEW',
  '-m state --state INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED',
  '-m state ! --state INVALID',
  '-m conntrack --ctstate RELATED,ESTABLISHED',
  '-m conntrack ! --ctstate INVALID',
  '-m conntrack --ctstate NEW,SNAT,DNAT,UNTRACKED',
  '-m conntrack --ctproto tcp',
  '-m conntrack ! --ctproto 47',
  '-m conntrack --ctorigsrc 10.0.0.0/8 --ctorigdst 192.168.0.1',
  '-m conntrack ! --ctreplsrc 127.0.0.1 ! --ctrepldst 172.16.0.0/255.255.0.255',
  '-m conntrack --ctorigsrcport 1024:65535 --ctorigdstport 80',
  '-m conntrack ! --ctreplsrcport 53 ! --ctrepldstport 1:2',
  '-m conntrack --ctstatus ASSURED,CONFIRMED',
  '-m conntrack ! --ctstatus NONE',
  '-m conntrack --ctstatus EXPECTED,SEEN_REPLY',
  '-m conntrack --ctexpire 30',
  '-m conntrack ! --ctexpire 10:1000',
  '-m conntrack --ctdir ORIGINAL',
  '-m conntrack --ctdir REPLY --ctstate ESTABLISHED',
  '-m conntrack --ctstate NEW --ctproto 6 --ctorigsrc 1.2.3.4 --ctorigdst 0.0.0.0/0 --ctreplsrc 5.6.7.8/1 --ctrepldst 9.9.9.9/31 --ctorigsrcport 1 --ctorigdstport 2 --ctreplsrcport 3 --ctrepldstport 4 --ctstatus ASSURED --ctexpire 5 --ctdir ORIGINAL',
];

const limit = [
  '-m limit --limit 5/second',
  '-m limit --limit 3/min --limit-burst 10',
  '-m limit --limit 7/hour',
  '-m limit --limit 10000/s --limit-burst 1',
  '-m limit --limit 1/day --limit-burst 3',
  '-m limit --limit 133/min',
  '-m limit',
];

const mark = [
  '-m mark --mark 1',
  '-m mark --mark 0x10/0xff',
  '-m mark ! --mark 0xffffffff',
  '-m mark ! --mark 0/1',
  '-m mark --mark 0',
];

const targets = [
  ...[
    'icmp-net-unreachable',
    'icmp-host-unreachable',
    'icmp-port-unreachable',
    'icmp-proto-unreachable',
    'icmp-net-prohibited',
    'icmp-host-prohibited',
    'icmp-admin-prohibited',
  ].map((type) => `-j REJECT --reject-with ${type}`),
  '-j REJECT',
  '-p tcp -j REJECT --reject-with tcp-reset',
  '-j LOG',
  '-j LOG --log-prefix "in: "',
  '-j LOG --log-prefix plain --log-level debug',
  '-j LOG --log-level 0 --log-prefix "a \\"quoted\\" prefix"',
  '-j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid --log-macdecode',
  '-j LOG --log-level 7 --log-uid',
  '-j LOG --log-prefix "äöü"',
  '-j DROP',
  '-j ACCEPT',
  '-j RETURN',
  '-j QUEUE',
  '-j UZI',
  '-g Alpha',
  '-p tcp -m tcp --dport 1 -g UZI',
  '-j a-chain_with.27-characters-x',
  '-s 10.0.0.0/8 -i eth1 -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -m limit --limit 3/min -m comment --comment "all of it" -j LOG --log-prefix "ssh "',
  '-j größe',
];

/** Rules for INPUT of the filter table. The chains they jump to are in `userChains`. */
export const inputRules: readonly string[] = [
  ...[...header, ...tcp, ...udp, ...icmp, ...comment, ...multiport, ...states, ...limit, ...mark].map((rule, index) =>
    index % 3 === 0 ? `${rule} -j DROP` : index % 3 === 1 ? rule : `${rule} -j UZI`,
  ),
  ...targets,
];

/** Rules for FORWARD, where both interfaces may stand. */
export const forwardRules: readonly string[] = [
  '-i eth0 -o eth1 -j ACCEPT',
  '! -i eth0 ! -o eth+ -j ACCEPT',
  '! -o averylongname15',
  '-o + -j DROP',
];

/** Not in the order of their names, which iptables sorts by. */
export const userChains: readonly string[] = [
  'UZI',
  'Alpha',
  'a-chain_with.27-characters-x',
  'zz',
  '_x',
  '10',
  'INPUT2',
  'größe',
  'empty',
];
