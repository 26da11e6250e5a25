import { forwardRules, inputRules, userChains } from './filter-rules.ts';

/** Counters of every magnitude, both sides of each unit's rounding too. */
const counters = [
  '[0:0]',
  '[1:60]',
  '[99999:100000]',
  '[100499:100500]',
  '[9999499:9999500]',
  '[9999999:10000000]',
  '[9999499999:9999500000]',
  '[10000000000:10000000000000]',
  '[9999499999999:9999500000000]',
  '[18446744073709551615:18446744073709551615]',
  '[18446744073709551115:18446744073709551116]',
  '[12345678:1234567890123]',
] as const;

function rules(chain: string, specs: readonly string[]): readonly string[] {
  return specs.map((spec, index) => `${counters[index % counters.length] ?? '[0:0]'} -A ${chain} ${spec}`);
}

function table(name: string, policies: readonly string[], users: readonly string[], lines: readonly string[]): string {
  return [
    `*${name}`,
    ...policies.map((policy) => `:${policy}`),
    ...users.map((user) => `:${user} - [0:0]`),
    ...lines,
    'COMMIT',
    '',
  ].join('\n');
}

/** Tables as iptables-restore -c reads them: between them every form that text can take. */
export const tables: Readonly<Record<string, string>> = {
  filter: table(
    'filter',
    ['INPUT ACCEPT [0:0]', 'FORWARD DROP [100000:18446744073709551615]', 'OUTPUT ACCEPT [99999:9999500000]'],
    userChains,
    [
      ...rules('INPUT', inputRules),
      ...rules('FORWARD', forwardRules),
      ...rules('UZI', ['-j RETURN', '-j zz', '-g _x', '']),
      ...rules('Alpha', ['-p udp -m udp --dport 53 -j zz', '-j 10']),
    ],
  ),
  mangle: table(
    'mangle',
    [
      'PREROUTING ACCEPT [0:0]',
      'INPUT ACCEPT [1:1]',
      'FORWARD ACCEPT [2:2]',
      'OUTPUT DROP [3:3]',
      'POSTROUTING ACCEPT [4:4]',
    ],
    ['marks'],
    [
      ...rules('PREROUTING', [
        '-j MARK --set-mark 1',
        '-j MARK --set-xmark 0x10/0xff',
        '-j MARK --set-mark 0x10/0xff',
        '-j MARK --and-mark 0xff00',
        '-j MARK --or-mark 0x1',
        '-j MARK --xor-mark 0x3',
        '-j MARK --set-xmark 0/0',
        '-j MARK --set-xmark 0xffffffff/0xffffffff',
        '-j MARK --set-xmark 0x0/0x0f',
        '-i eth0 -m mark --mark 0x1/0x1 -j marks',
      ]),
      ...rules('marks', ['-j RETURN']),
    ],
  ),
  nat: table(
    'nat',
    ['PREROUTING ACCEPT [0:0]', 'INPUT ACCEPT [0:0]', 'OUTPUT ACCEPT [0:0]', 'POSTROUTING ACCEPT [7:777]'],
    ['DOCKER'],
    [
      ...rules('PREROUTING', ['-p tcp -m tcp --dport 8080 -j DOCKER', '-j ACCEPT']),
      ...rules('POSTROUTING', ['-o eth+ -j RETURN']),
    ],
  ),
  raw: table('raw', ['PREROUTING ACCEPT [0:0]', 'OUTPUT DROP [0:0]'], [], rules('OUTPUT', ['-o lo -j ACCEPT'])),
  security: table('security', ['INPUT ACCEPT [0:0]', 'FORWARD ACCEPT [0:0]', 'OUTPUT ACCEPT [0:0]'], [], []),
};
