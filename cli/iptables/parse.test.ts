import { describe, expect, it } from 'vitest';
import { type ListRequest, parse } from './parse.ts';

const plain: ListRequest = {
  kind: 'list',
  command: 'L',
  table: 'filter',
  chain: undefined,
  ruleNumber: undefined,
  verbose: 0,
  numeric: false,
  exact: false,
  lineNumbers: false,
  notice: '',
};

const asked: readonly { readonly line: string; readonly request: Partial<ListRequest> }[] = [
  { line: '-L', request: {} },
  { line: '-S', request: { command: 'S' } },
  { line: '--list-rules INPUT 3', request: { command: 'S', chain: 'INPUT', ruleNumber: 3 } },
  { line: '-L INPUT 0x1f', request: { chain: 'INPUT', ruleNumber: 31 } },
  { line: '-L INPUT 017', request: { chain: 'INPUT', ruleNumber: 15 } },
  { line: '-nvL', request: { numeric: true, verbose: 1 } },
  { line: '-vnL FORWARD', request: { numeric: true, verbose: 1, chain: 'FORWARD' } },
  { line: '-nvxL --line-numbers', request: { numeric: true, verbose: 1, exact: true, lineNumbers: true } },
  { line: '-vv -L -v', request: { verbose: 3 } },
  { line: '-LINPUT', request: { chain: 'INPUT' } },
  { line: '-Ln', request: { chain: 'n' } },
  {
    line: '--list=OUTPUT --table=nat --num --exa',
    request: { chain: 'OUTPUT', table: 'nat', numeric: true, exact: true },
  },
  { line: '-t raw -t nat -L', request: { table: 'nat' } },
  { line: '-traw -L', request: { table: 'raw' } },
  { line: '-L -w', request: {} },
  { line: '-L -w 5 -n', request: { numeric: true } },
  { line: '-w5 --wait=3 -4 -M x -L', request: {} },
  { line: '-L -w 1 -W 5', request: { notice: 'Ignoring deprecated --wait-interval option.\n' } },
  { line: '-L --', request: {} },
];

const refused: readonly { readonly line: string; readonly status: number; readonly message: string }[] = [
  { line: '', status: 2, message: 'no command specified' },
  { line: '-n', status: 2, message: 'no command specified' },
  { line: '-L -S', status: 2, message: 'Cannot use -S with -L' },
  { line: '-S -n', status: 2, message: "Illegal option `-n' with this command" },
  { line: '-L -o eth0 -s 1.2.3.4', status: 2, message: "Illegal option `-s' with this command" },
  { line: '-L -n -n', status: 2, message: 'multiple -n flags not allowed' },
  { line: '-L INPUT 0', status: 2, message: "Invalid rule number `0'" },
  { line: '-L INPUT 2147483648', status: 2, message: "Invalid rule number `2147483648'" },
  { line: '-L -t', status: 2, message: 'option "-t" requires an argument' },
  { line: '--lis', status: 2, message: 'unknown option "--lis"' },
  { line: '-L --numeric=1', status: 2, message: 'unknown option "--numeric=1"' },
  { line: '-L -w x', status: 2, message: 'wait seconds not numeric' },
  { line: '-L -- INPUT', status: 2, message: 'unknown arguments found on commandline' },
  { line: '-L !', status: 2, message: 'nothing appropriate following !' },
  {
    line: `-L ${'x'.repeat(29)}`,
    status: 2,
    message: `chain name \`${'x'.repeat(29)}' too long (must be under 29 chars)`,
  },
];

const words = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

describe('a command line', () => {
  it.each(asked)('$line', ({ line, request }) => {
    expect(parse(words(line))).toEqual({ ...plain, ...request });
  });

  it.each(refused)('"$line" is refused', ({ line, status, message }) => {
    expect(parse(words(line))).toEqual({
      kind: 'exit',
      status,
      stderr: `iptables v1.8.9 (legacy): ${message}\nTry \`iptables -h' or 'iptables --help' for more information.\n`,
    });
  });

  it.each(['A', 'D', 'F', 'Z', 'N', 'X', 'P'])('-%s is left to iptables', (command) => {
    expect(parse([`-${command}`, 'INPUT'])).toMatchObject({
      kind: 'exit',
      status: 2,
      stderr: expect.stringContaining('bpfilter run -- iptables'),
    });
  });

  it('says its version as iptables does, and has a help of its own', () => {
    expect(parse(['-V'])).toEqual({ kind: 'exit', status: 0, stdout: 'iptables v1.8.9 (legacy)\n' });
    expect(parse(['-h'])).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: bpfilter iptables') });
  });
});
