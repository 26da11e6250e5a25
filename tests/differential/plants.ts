/** An error as somebody might make it in a translator. */
export interface Plant {
  /** The extension whose translation it spoils, as rules name it: only seeds with it can tell. */
  readonly uses: RegExp;
  readonly file: string;
  /** Stands once in the file. */
  readonly right: string;
  readonly wrong: string;
}

const swapped = { right: "inverted ? '!=' : '=='", wrong: "inverted ? '==' : '!='" } as const;

function inMatch(name: string, right: string = swapped.right, wrong: string = swapped.wrong): Plant {
  return { uses: new RegExp(`-m ${name} `), file: `rules/matches/${name}.ts`, right, wrong };
}

function inTarget(name: string, right: string, wrong: string): Plant {
  const own = new RegExp(`-j ${name.toUpperCase()}\\b`);
  return { uses: own, file: `rules/targets/${name}.ts`, right, wrong };
}

/** One for each translator that random rules put to nft's own words. */
export const plants: readonly Plant[] = [
  inMatch('addrtype'),
  inMatch('mark'),
  inMatch('connmark'),
  inMatch('pkttype'),
  inMatch('realm'),
  inMatch('dccp'),
  inMatch('tcp', 'right: flg_cmp', 'right: flg_cmp ^ 2'),
  inMatch('devgroup', "wanted ? '==' : '!='", "wanted ? '!=' : '=='"),
  inMatch('mac', "invert === 1 ? '!=' : '=='", "invert === 1 ? '==' : '!='"),
  inMatch('iprange', 'inverted ? pinned', '!inverted ? pinned'),
  inMatch('ttl', "option: ' --ttl-lt', op: '<'", "option: ' --ttl-lt', op: '<='"),
  inMatch('connbytes', "op: '==', left, right: { range", "op: '!=', left, right: { range"),
  inMatch('statistic', 'right: every - count', 'right: every - count - 1'),
  inMatch('ecn', "op: '==', left: { '&': [byteAt(header", "op: '!=', left: { '&': [byteAt(header"),
  inMatch('helper', "op: '==', left: { ct", "op: '!=', left: { ct"),
  inMatch('connlabel', "{ op: 'in', left: key, right: bit }", "{ op: '!=', left: key, right: bit }"),
  inMatch('multiport', 'const inverted = info.invert === 1', 'const inverted = info.invert !== 1'),
  inMatch('comment', 'alternatives: [[]]', 'alternatives: []'),
  { ...inMatch('tos'), file: 'rules/ports/type-of-service.ts', uses: /-m (tos|dscp) / },
  {
    ...inMatch('udp'),
    file: 'rules/ports/number-range.ts',
    right: 'min === max ? min : { range: [min, max] }',
    wrong: 'min === max ? min : { range: [min, max - 1] }',
    uses: /-m (udp|tcp|multiport|length|sctp) /,
  },
  {
    ...inMatch('header'),
    file: 'rules/nft/header.ts',
    right: "{ '&': [address, dottedQuad(mask)] }",
    wrong: 'address',
    uses: /255\.0\.0\.255/,
  },
  inTarget('mark', "mask === 0 ? key : { '&': [key, ~mask >>> 0] }", 'key'),
  inTarget('dscp', 'dscp << SHIFT', 'dscp'),
  inTarget('ttl', "setIpField('ttl', info.ttl)", "setIpField('ttl', info.ttl ^ 1)"),
  inTarget('tos', '(old ^ value) & written', 'old ^ value ^ written'),
  {
    ...inTarget('notrack', '{ notrack: null }', ''),
    uses: /^-A \w+ (-p (?!tcp|icmp)\S+ |.*(?<!! )-i ).*-j NOTRACK/, // by nft where no answer can come by
  },
  inTarget('reject', "code: 'host-unreachable'", "code: 'net-unreachable'"),
  inTarget('snat', "{ snat: natOf('SNAT', info, header) }", '{ masquerade: null }'),
  inTarget('dnat', "{ dnat: natOf('DNAT', info, header) }", '{ redirect: null }'),
  inTarget('masquerade', "natOfPorts('MASQUERADE', info, header)", 'null'),
  inTarget('redirect', "natOfPorts('REDIRECT', info, header)", 'null'),
];
