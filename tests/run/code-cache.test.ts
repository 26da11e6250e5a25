import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { cacheDigits, cacheMark, loaderProgram } from '../../protocol/driver-loader.ts';
import { driverRehearsal } from '../../scripts/rehearsal.ts';
import { bpfilter, missing, runCommand, titled, withFolder } from '../harness/ways.ts';
import { inOwnFolder } from './own-folder.ts';

const reason = missing('root', 'build', 'transport');
const blob = path.join(path.dirname(bpfilter), 'bpfilter_umh.cjs');

describe.skipIf(reason !== undefined)(titled('the code cache that the driver was built with', reason), () => {
  test('is one that V8 takes', () => {
    withFolder((folder) => {
      const program = `
        const blob = require('fs').readFileSync(process.argv[1]);
        const at = Number(blob.latin1Slice(${cacheMark.length}, ${cacheMark.length + cacheDigits}));
        const options = { filename: 'driver', cachedData: blob.subarray(at) };
        console.log(new (require('vm').Script)(blob.latin1Slice(0, at), options).cachedDataRejected);`;
      const ran = runCommand(['env', '-i', process.execPath, '-e', program, blob], { folder });
      expect(ran).toMatchObject({ stdout: 'false\n', stderr: '' });
    });
  });

  test('comes from a rehearsal in which a driver does all that it is asked', () =>
    inOwnFolder(async (folder) => {
      const rehearsal = driverRehearsal(folder);
      if (rehearsal === undefined) throw new Error('no network namespace');
      const [program = '', ...args] = [...rehearsal.command, process.execPath, '-e', loaderProgram, blob];
      const child = spawn(program, args, {
        env: { ...rehearsal.env },
        stdio: ['pipe', 'pipe', 'inherit', 'ignore', ...rehearsal.extra],
      });
      const ended = once(child, 'close');
      const [input, output] = child.stdio as unknown as [Writable, Readable];
      const answers = await rehearsal.perform(input, output);
      input.end();
      rehearsal.close();
      expect(await ended).toEqual([0, null]);
      // Its health and what the standby learns; then three changes of four requests each.
      expect(answers).toEqual(Array.from({ length: 14 }, () => 0));
      expect(fs.existsSync(path.join(folder, 'filter.table'))).toBe(true);
    }));
});
