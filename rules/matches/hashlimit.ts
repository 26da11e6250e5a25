import { errno } from '../../protocol/errno.ts';
import { defineMatch, refuse } from '../extension.ts';
import { checkProcName } from '../names/proc-name.ts';
import {
  HASHES,
  type HashlimitInfo,
  hashlimitRevisions,
  hashMode,
  scaleOf,
  WHOLE_ADDRESS,
} from '../rate/hashlimit-info.ts';
import { creditsOf, creditsOfBytes } from '../rate/hashlimit-rate.ts';
import { hashlimitSet, MOST_ENTRIES } from '../rate/hashlimit-set.ts';
import { hashlimitText, listed, saved } from '../rate/hashlimit-text.ts';

const MODES = HASHES | hashMode.INVERT | hashMode.BYTES | hashMode.RATE_MATCH;

/**
 * `-m hashlimit`, revisions 1 to 3 (net/netfilter/xt_hashlimit.c, libxt_hashlimit.c): a token bucket for each
 * address or port, in tables that rules share by name (/proc/net/ipt_hashlimit). The kernel makes a table with the
 * first rule that names it, and cuts sizes past 1,048,576.
 */
export const hashlimit = defineMatch<HashlimitInfo>({
  name: 'hashlimit',
  revisions: hashlimitRevisions,
  coverage: {
    partly: [
      "/proc/net/ipt_hashlimit: the kernel's own is used where it can be, which alone has it",
      'a name that two rules have in common (in two tables, each gets a set of its own; in one table it is refused)',
      'rates in bytes: the kernel counts by 16 bytes, and never gives the burst back',
      '--hashlimit-rate-match',
      "modes with ports, but with `-p tcp`, `udp`, `udplite`, `sctp` or `dccp` and where later fragments can't come",
      "a full table (--hashlimit-htable-max): the kernel drops what it has no room for, in nft the match doesn't hold",
      `tables with room for more than ${MOST_ENTRIES} entries, or whose times are parts of a second`,
    ],
  },
  examples: [
    '-m hashlimit --hashlimit-{upto|above} {1-100}/{sec|min|hour|day} --hashlimit-burst {1-20} --hashlimit-name {one|two}',
    '-p {tcp|udp} -m hashlimit --hashlimit-upto {1-20}/hour --hashlimit-mode {srcip|srcip,dstport|dstip,srcport} --hashlimit-name three',
    '-m hashlimit --hashlimit-above {1-20}/hour --hashlimit-mode srcip --hashlimit-srcmask {0-32} --hashlimit-name four',
    '-m hashlimit --hashlimit-upto {1-64}kb/s --hashlimit-burst {1-4}mb --hashlimit-name five',
    '-m hashlimit --hashlimit-upto {1-20}/hour --hashlimit-name six --hashlimit-htable-size {16-64} --hashlimit-htable-max {64-128} --hashlimit-htable-gcinterval 60000 --hashlimit-htable-expire 3600000',
    '-m hashlimit --hashlimit-upto {1-20}/sec --hashlimit-name seven --hashlimit-rate-match --hashlimit-rate-interval {1-9}',
  ],
  unpredictable: 'fills with time',
  placement: {},
  stateful: true,
  check,
  print: (info) => ` limit: ${info.mode & hashMode.INVERT ? 'above' : 'up to'}${hashlimitText(info, listed)}`,
  save: (info) => ` --hashlimit-${info.mode & hashMode.INVERT ? 'above' : 'upto'}${hashlimitText(info, saved)}`,
  nft: hashlimitSet,
  bpf: { none: 'the kernel keeps its buckets in tables that rules share, and that stand in /proc/net/ipt_hashlimit' },
});

function check(info: HashlimitInfo): void {
  const { revision, name, mode, avg, burst, gc_interval, expire, interval, srcmask, dstmask } = info;
  checkProcName('hashlimit', name);
  if (gc_interval === 0 || expire === 0) refuse('hashlimit: an interval of 0 ms');
  if (srcmask > WHOLE_ADDRESS || dstmask > WHOLE_ADDRESS) refuse(`hashlimit: masks of ${srcmask} and ${dstmask} bits`);
  if ((mode & ~MODES) !== 0 || ((mode & hashMode.RATE_MATCH) !== 0 && revision < 3))
    refuse(`hashlimit: unknown mode 0x${mode.toString(16)}`);
  if ((mode & hashMode.RATE_MATCH) !== 0) {
    if (avg === 0n || avg > 0xffff_ffffn) refuse(`hashlimit: a rate of ${avg}`, errno.ERANGE);
    if (interval === 0) refuse('hashlimit: a rate interval of 0 s');
  } else if ((mode & hashMode.BYTES) !== 0) {
    if (creditsOfBytes(avg) === 0n) refuse(`hashlimit: overflow, the rate is too high: ${avg}`);
  } else if (burst === 0n || creditsOf(avg * burst, scaleOf(info)) < creditsOf(avg, scaleOf(info))) {
    refuse(`hashlimit: overflow, try lower: ${avg}/${burst}`, errno.ERANGE);
  }
}
