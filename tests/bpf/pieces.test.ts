import { describe, expect, it } from 'vitest';
import { titled } from '../harness/ways.ts';
import { outputOf, scriptReason } from './served-script.ts';

/** Behind the UDP header, as what stands in headers isn't the same each time. */
const ranges = ['--from 28', '--from 1495 --to 1505', '--from 2976 --to 2990', '--from 3000 --to 20000'];
const texts = ['aa', 'abab', 'bbbbb', 'abbabba', 'ab'.repeat(33)];

/** Datagrams of `a` and `b` that are larger than a frame: sent, and put together again, they are a list of pieces. */
const datagrams = `
  const { createSocket } = require("node:dgram");
  const socket = createSocket("udp4");
  let seed = 7;
  const letter = () => ((seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16) % 5 < 3 ? 97 : 98;
  const sizes = Array.from({ length: 60 }, (_, at) => [300, 1472, 1473, 2960, 5000, 20000][at % 6] + at);
  const next = () => {
    const size = sizes.pop();
    if (size === undefined) return socket.close();
    socket.send(Buffer.from(Array.from({ length: size }, letter)), 7000, "127.0.0.1", next);
  };
  socket.bind(7001, next);`;

const script = `
  ip link set lo up mtu 1500
  (
    echo '*filter'
    for chain in INPUT OUTPUT; do for algo in bm kmp; do
      ${texts
        .flatMap((text) => ranges.map((range) => `-p udp -m string --string ${text} --algo $algo ${range}`))
        .flatMap((rule) => [rule, rule.replace('--string', '! --string').replace('--algo', '--icase --algo')])
        .map((rule) => `echo "-A $chain ${rule}"`)
        .join('\n      ')}
    done; done
    echo COMMIT
  ) | iptables-legacy-restore
  '${process.execPath}' -e '${datagrams}'
  iptables-legacy-save -c | grep -v '^#'`;

describe.skipIf(scriptReason !== undefined)(
  titled('texts across pieces of a packet: as by ip_tables', scriptReason),
  () => {
    it('bm passes by what kmp finds', { timeout: 60_000 }, () => {
      const natively = outputOf(script, 'natively');
      const counted = (algorithm: string) =>
        natively
          .split('\n')
          .flatMap((line) => (line.includes(`--algo ${algorithm} `) ? [line.slice(0, line.indexOf(':'))] : []));
      const [bm, kmp] = [counted('bm'), counted('kmp')];
      expect(kmp).toHaveLength(4 * texts.length * ranges.length);
      expect(bm.filter((count, at) => count !== kmp[at]).length).toBeGreaterThan(5);
      const carrier = 'nft list tables | grep -o bpfilter_filter_bpf || true';
      expect(outputOf(`${script}\n${carrier}`, 'by BPF')).toBe(`${natively}bpfilter_filter_bpf\n`);
    });
  },
);
