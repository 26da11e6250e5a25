import { describe, expect, it } from 'vitest';
import { countersById } from './counters.ts';

const listing = (...counters: readonly string[]) =>
  `{"nftables": [{"metainfo": {"version": "1.0.6"}}${counters.map((one) => `, ${one}`).join('')}]}\n`;
const counter = (name: string, packets: string, bytes: string) =>
  `{"counter": {"family": "ip", "name": "${name}", "table": "t", "handle": 3, "packets": ${packets}, "bytes": ${bytes}}}`;

describe('countersById', () => {
  it('reads numbers of all sizes', () => {
    const text = listing(
      counter('r1', '0', '1'),
      counter('r20', '9007199254740993', '9223372036854775807'),
      counter('r3', '-1', '-9223372036854775808'),
    );
    expect([...countersById(text)]).toEqual([
      [1, { packets: 0n, bytes: 1n }],
      [20, { packets: 9007199254740993n, bytes: 9223372036854775807n }],
      [3, { packets: 18446744073709551615n, bytes: 9223372036854775808n }],
    ]);
  });

  it('takes other orders and spacing, and leaves what is none of ours', () => {
    const text =
      '{"nftables":[{"counter":{"bytes":5,"packets":4,"name":"r2"}},{"counter":{"name":"other","packets":1,"bytes":1}}]}';
    expect([...countersById(text)]).toEqual([[2, { packets: 4n, bytes: 5n }]]);
  });

  it.each([
    ['nothing', ''],
    ['half a listing', listing(counter('r1', '0', '0')).slice(0, -10)],
    ['a complaint', 'Error: No such file or directory'],
    ['a counter without bytes', '{"nftables": [{"counter": {"name": "r1", "packets": 1}}]}'],
  ])('refuses %s', (_, text) => expect(() => countersById(text)).toThrow("nft's listing of counters"));
});
