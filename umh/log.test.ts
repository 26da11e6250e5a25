import { describe, expect, it } from 'vitest';
import { BpfilterError } from '../protocol/error.ts';
import { createLog } from './log.ts';

describe('the log', () => {
  it('writes one line a record to every descriptor, whatever the text', () => {
    const written: [number, string][] = [];
    const log = createLog({
      descriptors: [2, 5],
      pid: 42,
      now: () => 0,
      write: (fd, line) => written.push([fd, line]),
    });
    log.error('set 64', new BpfilterError('dataplane', 'nft said\n  no\u001b[1m', { cause: new Error('why') }));
    const line = '1970-01-01T00:00:00.000Z bpfilter_umh[42] error: set 64: nft said | no\\x1b[1m (why)\n';
    expect(written).toEqual([
      [2, line],
      [5, line],
    ]);
  });

  it('never costs a request', () => {
    const log = createLog({
      descriptors: [2],
      pid: 1,
      now: () => 0,
      write: () => {
        throw new Error('EPIPE');
      },
    });
    expect(() => log.info('x')).not.toThrow();
  });
});
