import type { NftOperator } from '../nft/json.ts';
import { describeBpf } from '../testing/describe-bpf.ts';
import { describeMatch, example } from '../testing/describe-match.ts';
import { ttl } from './ttl.ts';

const is = (op: NftOperator, right: number) => [
  [{ match: { op, left: { payload: { protocol: 'ip', field: 'ttl' } }, right } }],
];

describeMatch(ttl, {
  layouts: { 0: { size: 2, bytes: '03 40', info: { mode: 3, ttl: 64 } } },
  examples: [
    example('equal', { mode: 0, ttl: 64 }, [' TTL match TTL == 64', ' --ttl-eq 64'], is('==', 64)),
    example('not', { mode: 1, ttl: 0 }, [' TTL match TTL != 0', ' ! --ttl-eq 0'], is('!=', 0)),
    example('less', { mode: 2, ttl: 64 }, [' TTL match TTL < 64', ' --ttl-lt 64'], is('<', 64)),
    example('less than 1', { mode: 2, ttl: 1 }, [' TTL match TTL < 1', ' --ttl-lt 1'], is('<', 1)),
    example('less than 0', { mode: 2, ttl: 0 }, [' TTL match TTL < 0', ' --ttl-lt 0'], []),
    example('more', { mode: 3, ttl: 254 }, [' TTL match TTL > 254', ' --ttl-gt 254'], is('>', 254)),
    example('more than 255', { mode: 3, ttl: 255 }, [' TTL match TTL > 255', ' --ttl-gt 255'], []),
    example('an unknown mode', { mode: 4, ttl: 5 }, [' TTL match  5', ' 5'], []),
  ],
});

const lives = (...ttls: readonly number[]) => ttls.map((ttl) => ({ ttl }));

describeBpf(ttl, {
  examples: [
    { name: 'equal', info: { mode: 0, ttl: 64 }, takes: lives(64), leaves: lives(63, 65, 0) },
    { name: 'not', info: { mode: 1, ttl: 0 }, takes: lives(1, 255), leaves: lives(0) },
    { name: 'less', info: { mode: 2, ttl: 64 }, takes: lives(0, 63), leaves: lives(64, 255) },
    { name: 'less than 0', info: { mode: 2, ttl: 0 }, leaves: lives(0, 1, 255) },
    { name: 'more', info: { mode: 3, ttl: 254 }, takes: lives(255), leaves: lives(254, 0) },
    { name: 'more than 255', info: { mode: 3, ttl: 255 }, leaves: lives(0, 254, 255) },
    { name: 'an unknown mode', info: { mode: 4, ttl: 5 }, leaves: lives(4, 5, 6) },
  ],
});
