import type { PacketCase } from './case.ts';

/** Marks, labels and helpers come from an nftables table that is neither the kernel's nor ours. */
const foreignRules = [
  'add table ip foreign',
  'add ct helper ip foreign h { type "ftp" protocol tcp; }',
  'add chain ip foreign early { type filter hook prerouting priority -150; }',
  'add rule ip foreign early udp dport 53 ct mark set 0x10',
  'add rule ip foreign early udp dport 54 ct mark set 0xff0000ff',
  'add rule ip foreign early tcp dport 80 ct mark set 1',
  'add rule ip foreign early udp dport 53 ct label set 5',
  'add rule ip foreign early tcp dport 80 ct label set 0',
  'add rule ip foreign early tcp dport 443 ct label set 127',
  'add rule ip foreign early icmp type echo-request ct label set 64',
  'add rule ip foreign early tcp dport 21 ct helper set "h"',
  'add chain ip foreign first { type filter hook prerouting priority -310; }',
  'add rule ip foreign first icmp id 8 notrack',
].join('\n');
const setUp = { run: `nft -f - <<'END'\n${foreignRules}\nEND` };
const cleanup = 'nft delete table ip foreign';

export function beside<Case extends PacketCase>(cases: readonly Case[]): readonly Case[] {
  return cases.map((one) => ({ ...one, steps: [setUp, ...one.steps], cleanup }));
}
