import { describe, expect, it } from 'vitest';
import { tableNames } from '../../protocol/family.ts';
import { emptyTable } from '../../rules/blob/empty.ts';
import { answerTo } from '../../rules/blob/testing/answer.ts';
import { blobCases } from '../../rules/blob/testing/cases.ts';
import { findMatch, findTarget } from '../../rules/registry.ts';
import { entriesHeader, get, getCase } from './case.ts';
import { malformed } from './malformed.ts';
import { entries } from './malformed-get.ts';
import { runRaw, whyNoNativeTables } from './run.ts';

const reason = whyNoNativeTables();

describe.skipIf(reason !== undefined)(
  `the kernel's own ip_tables${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    it('answers each request as recorded', () => {
      const answers = runRaw(
        malformed.map(({ request }) => request),
        ['unshare', '-n'],
      );
      expect(answers.map(({ title, errno }) => `${title}: ${errno}`)).toEqual(
        malformed.map(({ request, expected }) => `${request.title}: ${expected}`),
      );
    });

    it.each(tableNames)('makes the fresh table %s byte for byte as ours', (name) => {
      const wanted = emptyTable(name);
      const [answer] = runRaw(
        [getCase(name, get.entries, entries(name, wanted.length), '').request],
        ['unshare', '-n'],
      );
      const found = Buffer.from(answer?.bytes ?? '', 'base64').subarray(entriesHeader);
      expect(found.toString('hex')).toBe(Buffer.from(wanted).toString('hex'));
    });

    it('lets nobody ask without CAP_NET_ADMIN', () => {
      const requests = malformed.filter(({ expected }) => expected === '').map(({ request }) => request);
      const answers = runRaw(requests, ['unshare', '-n', 'setpriv', '--bounding-set', '-net_admin']);
      expect(new Set(answers.map(({ errno }) => errno))).toEqual(new Set(['EPERM']));
    });
  },
);

describe('validation with the extensions there are', () => {
  it.each(blobCases)('$title: $expected $ours', ({ blob, expected, ours }) => {
    expect(answerTo(blob, { findMatch, findTarget })).toBe(ours ?? expected);
  });
});
