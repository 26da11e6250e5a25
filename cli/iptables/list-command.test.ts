import { describe, expect, it } from 'vitest';
import { type ErrnoName, errno } from '../../protocol/errno.ts';
import { BpfilterError, type ErrorCode } from '../../protocol/error.ts';
import { emptyView } from '../../rules/blob/empty.ts';
import { encodeTable } from '../../rules/blob/encode.ts';
import { type BlobView, viewTable } from '../../rules/blob/view.ts';
import { ruleWith } from '../../rules/text/testing/rule.ts';
import { listCommand } from './list-command.ts';
import type { TableClient } from './table-client.ts';

function clientOf(view: BlobView): TableClient {
  const { validHooks, hookEntry, underflow, entries, offsets } = view;
  return {
    getInfo: () => ({ validHooks, hookEntry, underflow, numEntries: offsets.length, size: entries.length }),
    getEntries: () => entries,
  };
}

async function run(argv: readonly string[], client: TableClient) {
  const out: Uint8Array[] = [];
  const err: Uint8Array[] = [];
  const status = await listCommand(argv, client, {
    stdout: (text) => void out.push(Buffer.from(text)),
    stderr: (text) => void err.push(Buffer.from(text)),
  });
  return { status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

const empty = clientOf(emptyView('filter'));
const failing = (error: unknown): TableClient => ({
  getInfo: () => {
    throw error;
  },
  getEntries: () => new Uint8Array(),
});

describe('listCommand', () => {
  it('prints a table', async () => {
    const policies = '-P INPUT ACCEPT\n-P FORWARD ACCEPT\n-P OUTPUT ACCEPT\n';
    expect(await run(['-S'], empty)).toEqual({ status: 0, stdout: policies, stderr: '' });
  });

  it('reports an unknown chain as iptables does', async () => {
    expect(await run(['-L', 'nope'], empty)).toEqual({
      status: 1,
      stdout: '',
      stderr: 'iptables: No chain/target/match by that name.\n',
    });
  });

  it('keeps the bytes of names that are no ASCII', async () => {
    const chains = emptyChains('gr\u00c3\u00b6\u00c3\u009fe');
    const client = clientOf(viewTable('filter', chains.entries, chains));
    expect((await run(['-S', 'größe'], client)).stdout).toBe('-N größe\n');
    expect((await run(['-L', 'ö'], client)).status).toBe(1);
  });

  it.each<{ code: ErrorCode; name?: ErrnoName; reason: string }>([
    { code: 'no-such-table', reason: 'Table does not exist (do you need to insmod?)' },
    { code: 'not-permitted', reason: 'Permission denied (you must be root)' },
    { code: 'syscall', name: 'EINVAL', reason: 'Module is wrong version' },
    { code: 'syscall', name: 'ENOPROTOOPT', reason: 'iptables who? (do you need to insmod?)' },
    { code: 'driver', reason: 'Bad address' },
    { code: 'too-large', reason: 'Memory allocation problem' },
  ])('reports $code $name as iptables does', async ({ code, name, reason }) => {
    const error = new BpfilterError(code, 'why', name === undefined ? {} : { errno: errno[name] });
    expect(await run(['-t', 'nat', '-L'], failing(error))).toEqual({
      status: 3,
      stdout: '',
      stderr: `iptables v1.8.9 (legacy): can't initialize iptables table \`nat': ${reason}\nPerhaps iptables or your kernel needs to be upgraded.\n`,
    });
  });

  it('lets errors pass that are no BpfilterErrors', async () => {
    await expect(run(['-L'], failing(new TypeError('bug')))).rejects.toThrow(TypeError);
  });

  it('reads again when the table changed in between, but not for ever', async () => {
    let left = 3;
    const client: TableClient = {
      getInfo: empty.getInfo,
      getEntries(table, size) {
        left -= 1;
        if (left >= 0) throw new BpfilterError('stale', 'changed');
        return empty.getEntries(table, size);
      },
    };
    expect((await run(['-S'], client)).status).toBe(0);
    left = 1000;
    expect((await run(['-S'], client)).stderr).toContain('Resource temporarily unavailable');
  });

  it('asks for no table with too long a name, nor for one that is none', async () => {
    expect((await run(['-t', 'x'.repeat(32), '-L'], empty)).stderr).toContain('Module is wrong version');
    expect((await run(['-t', 'nosuch', '-L'], empty)).stderr).toContain('Table does not exist');
  });
});

function emptyChains(user: string) {
  const policy = ruleWith({ target: { kind: 'accept' } });
  const hooks = [
    ['INPUT', 1],
    ['FORWARD', 2],
    ['OUTPUT', 3],
  ] as const;
  const chains = hooks.map(([name, hook]) => ({ kind: 'builtin', name, hook, rules: [], policy }) as const);
  const tail = ruleWith({ target: { kind: 'return' } });
  return encodeTable({
    name: 'filter',
    chains: [...chains, { kind: 'user', name: user, rules: [], headIndex: 3, tail }],
  });
}
