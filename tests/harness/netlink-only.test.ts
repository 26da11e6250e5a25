import { describe, expect, it } from 'vitest';
import { nftDataPlane } from '../../umh/dataplane/nft-exec.ts';
import { netlinkOnly } from './netlink-only.ts';

const nothing = { status: 0, signal: null, stdout: new Uint8Array(), stderr: '' };
const why = nftDataPlane(() => nothing, 'test').xt.problem('target', 'CHECKSUM', 0);

describe("a driver's words for what only netlink can load", () => {
  it.each([
    ['of a target', `1 error: rule 1: target CHECKSUM: nft has none; nor can the kernel's own target CHECKSUM: ${why}`],
    [
      'of a match, among other lines',
      `2 info: hello\n2 error: nft has none; nor can the kernel's own match string: ${why} [-A INPUT]\nmore`,
    ],
  ])('%s', (_title, log) => {
    expect(netlinkOnly(log)).toMatch(/^(target CHECKSUM|match string): only netlink can load it$/);
  });

  it.each([
    ['nothing at all', ''],
    ['forbidden', "3 error: target CHECKSUM: nor can the kernel's own target CHECKSUM: it was forbidden (--no-xt)"],
    ['another refusal', '3 error: nft ended with status 1: Operation not supported'],
    ['on two lines', '3 error: target CHECKSUM: no\n3 error: x: only netlink can load it'],
  ])('not: %s', (_title, log) => {
    expect(netlinkOnly(log)).toBeUndefined();
  });
});
