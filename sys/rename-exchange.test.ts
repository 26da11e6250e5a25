import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renameExchange } from './rename-exchange.ts';
import { failure } from './testing/failure.ts';

test('two files change places; both must be there', () => {
  const folder = mkdtempSync(join(tmpdir(), 'exchange-'));
  const [one, other] = [join(folder, 'one'), join(folder, 'ötherö')];
  try {
    writeFileSync(one, '1');
    expect(failure(() => renameExchange(one, other))).toBe('renameat2 ENOENT');
    writeFileSync(other, '2');
    renameExchange(one, other);
    expect([readFileSync(one, 'utf8'), readFileSync(other, 'utf8')]).toEqual(['2', '1']);
    expect(failure(() => renameExchange(one, `${other}\0`))).toBe('renameat2 EINVAL');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
