import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { timed } from './measure.ts';

/**
 * Runs inside a namespace, natively or below a shim: whole iptables commands on a table of N rules.
 * Arguments: the iptables program, its -restore program, N, a temporary file. Prints samples as JSON.
 */
const [program = '', restore = '', count = '', file = ''] = process.argv.slice(2);
const rules = Number(count);

function command(...args: string[]): void {
  const result = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${result.stderr}`);
}

const lines = ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ':OUTPUT ACCEPT [0:0]'];
for (let index = 0; index < rules; index += 1) {
  const source = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`;
  lines.push(`-A INPUT -s ${source}/32 -p tcp -m tcp --dport ${1024 + (index % 60000)} -j DROP`);
}
writeFileSync(file, `${lines.join('\n')}\nCOMMIT\n`);

const rounds = rules > 20_000 ? 1 : rules > 5_000 ? 3 : 7;
let appended = 0;
const samples = [
  {
    name: 'restore',
    value: timed(rounds, () => {
      const result = spawnSync(restore, [file], { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
      if (result.status !== 0) throw new Error(`${restore}: ${result.stderr}`);
    }),
  },
  { name: '-L -n -v -x', value: timed(rounds, () => command('-L', '-n', '-v', '-x')) },
  {
    name: '-A',
    value: timed(rounds, () => command('-A', 'INPUT', '-s', `192.0.2.${appended++}`, '-j', 'ACCEPT')),
  },
  { name: '-D 1', value: timed(rounds, () => command('-D', 'INPUT', '1')) },
];
process.stdout.write(`${JSON.stringify(samples)}\n`);
