import { bytes, defineStruct, u8 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cBytes, cText } from '../names/c-string.ts';
import type { NftLog } from '../nft/json.ts';
import { savedString } from '../text/saved-string.ts';

const PREFIX_ROOM = 30;
const xt_log_info = defineStruct('xt_log_info', 'linux/netfilter/xt_LOG.h', {
  level: u8,
  logflags: u8,
  prefix: bytes(PREFIX_ROOM),
});

/** The level that iptables takes for granted: LOG_WARNING. */
const DEFAULT_LEVEL = 4;
/** XT_LOG_MASK */
const KNOWN_FLAGS = 0x2f;

/** syslog's levels, by number; iptables and nft name them alike. */
const levels = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'] as const;

/** XT_LOG_*, iptables' names and nft's. */
const flags = [
  { bit: 0x01, name: 'tcp-sequence', nft: 'tcp sequence' },
  { bit: 0x02, name: 'tcp-options', nft: 'tcp options' },
  { bit: 0x04, name: 'ip-options', nft: 'ip options' },
  { bit: 0x08, name: 'uid', nft: 'skuid' },
  { bit: 0x20, name: 'macdecode', nft: 'ether' },
] as const;

export interface LogInfo {
  /** 0 emerg … 7 debug. */
  readonly level: number;
  readonly logflags: number;
  /** Its text ends at the first NUL. */
  readonly prefix: Uint8Array;
}

/** LOG, revision 0 (net/netfilter/xt_LOG.c; libxt_LOG.c): a line in the kernel's log, then the next rule. */
export const log = defineTarget<LogInfo>({
  name: 'LOG',
  revisions: {
    0: { size: xt_log_info.size, decode: (data) => xt_log_info.read(data), encode: (info) => xt_log_info.write(info) },
  },
  coverage: { partly: ['a prefix that is not UTF-8', 'levels past 7'] },
  examples: [
    '-j LOG',
    '-j LOG --log-level {0-7}',
    '-j LOG --log-prefix "a word: "',
    '-j LOG --log-tcp-sequence --log-tcp-options --log-ip-options --log-uid',
  ],
  placement: {},
  check(info) {
    if (info.level >= levels.length) refuse(`LOG: wanted a level from 0 to 7, found ${info.level}`);
    if (info.prefix[PREFIX_ROOM - 1] !== 0) refuse(`LOG: the prefix isn't NUL-terminated within ${PREFIX_ROOM} bytes`);
  },
  print(info, { numeric }) {
    const text = cText(info.prefix);
    const what = numeric ? ` flags ${info.logflags} level ${info.level}` : wordsOf(info);
    return ` LOG${what}${text === '' ? '' : ` prefix "${text}"`}`;
  },
  save(info) {
    const text = cText(info.prefix);
    const prefix = text === '' ? '' : ` --log-prefix${savedString(text)}`;
    const level = info.level === DEFAULT_LEVEL ? '' : ` --log-level ${info.level}`;
    return (
      prefix +
      level +
      flagsOf(info)
        .map(({ name }) => ` --log-${name}`)
        .join('')
    );
  },
  nft: (info) => ({ statements: [{ log: nftLog(info) }] }),
});

function flagsOf(info: LogInfo): readonly (typeof flags)[number][] {
  return flags.filter(({ bit }) => (info.logflags & bit) !== 0);
}

function wordsOf(info: LogInfo): string {
  const name = levels[info.level];
  const level = name === undefined ? ` UNKNOWN level ${info.level}` : ` level ${name}`;
  const unknown = (info.logflags & ~KNOWN_FLAGS) === 0 ? '' : ' unknown-flags';
  return (
    level +
    flagsOf(info)
      .map((flag) => ` ${flag.name}`)
      .join('') +
    unknown
  );
}

/** Flags that have no name are loadable, and nothing in the kernel looks at them (net/netfilter/nf_log_syslog.c). */
function nftLog(info: LogInfo): NftLog {
  const text = utf8(cBytes(info.prefix));
  const names = flagsOf(info).map(({ nft }) => nft);
  return {
    ...(text === '' ? {} : { prefix: text }),
    level: levels[info.level] ?? cannotExpress(`LOG: level ${info.level}`),
    ...(names.length === 0 ? {} : { flags: names }),
  };
}

/** JSON carries text, the kernel logs bytes: the same only for UTF-8. */
function utf8(text: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return cannotExpress('LOG: nft takes a prefix only as UTF-8');
  }
}
