import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  composeCommand,
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  mbox_reply,
  mbox_request,
  splitCommand,
} from './mbox.ts';

const u32s = fc.integer({ min: 0, max: 0xffff_ffff });
const requests = fc.record({
  addr: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  len: u32s,
  is_set: u32s,
  cmd: u32s,
  pid: u32s,
});
const room = (length: number) => new DataView(new ArrayBuffer(length));
const malformed = (message: RegExp) =>
  expect.objectContaining({ code: 'malformed', message: expect.stringMatching(message) });

describe('cmd', () => {
  it.each([
    ['IPv4 keeps the old numbers', 0, 64, false, 64],
    ['IPv6', 41, 65, false, 0x0029_0041],
    ['an own option', 255, 3, false, 0x00ff_0003],
    ['a replay', 0, 64, true, 0x8000_0040],
    ['all bits', 0x7fff, 0xffff, true, 0xffff_ffff],
  ])('%s', (_what, level, option, replay, cmd) => {
    expect(composeCommand(level, option, replay)).toBe(cmd);
    expect(splitCommand(cmd)).toEqual({ level, option, replay });
  });

  it.each([
    ['level', 0x8000, 0],
    ['level', -1, 0],
    ['option', 0, 0x1_0000],
    ['option', 0, 1.5],
  ])('refuses a %s without room', (field, level, option) => {
    expect(() => composeCommand(level, option)).toThrow(malformed(new RegExp(`^${field}: wanted`)));
  });
});

describe('request', () => {
  it('has the layout of the struct', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = new Uint8Array(24).fill(0xff);
        const view = new DataView(bytes.buffer);
        encodeRequest(view, request);
        expect(mbox_request.read(bytes)).toEqual(request);
        expect(decodeRequest(view)).toEqual(request);
      }),
    );
  });

  it('touches only its own bytes', () => {
    const bytes = new Uint8Array(25).fill(0xff);
    encodeRequest(new DataView(bytes.buffer), { addr: 0n, len: 0, is_set: 0, cmd: 0, pid: 0 });
    expect(bytes.indexOf(0xff)).toBe(24);
  });

  const fine = { addr: 0n, len: 0, is_set: 0, cmd: 0, pid: 0 };
  it.each([
    ['a negative length', { ...fine, len: -1 }, /mbox_request\.len: wanted a u32, found -1/],
    ['a negative address', { ...fine, addr: -1n }, /mbox_request\.addr: wanted a u64, found -1/],
    ['too high an address', { ...fine, addr: 1n << 64n }, /mbox_request\.addr/],
    ['too large a cmd', { ...fine, cmd: 2 ** 32 }, /mbox_request\.cmd/],
  ])('refuses %s', (_what, request, message) => {
    expect(() => encodeRequest(room(24), request)).toThrow(malformed(message));
  });

  it('refuses a short buffer', () => {
    expect(() => decodeRequest(room(23))).toThrow(malformed(/mbox_request: wanted 24 bytes, found 23/));
    expect(() => encodeRequest(room(23), fine)).toThrow(malformed(/wanted 24 bytes, found 23/));
  });
});

describe('reply', () => {
  it.each([0, 1, -22, 2 ** 31 - 1, -(2 ** 31)])('carries %s', (status) => {
    const view = room(4);
    encodeReply(view, status);
    expect(decodeReply(view)).toBe(status);
    expect(mbox_reply.read(new Uint8Array(view.buffer))).toEqual({ status });
  });

  it('refuses what has no room', () => {
    expect(() => encodeReply(room(4), 2 ** 31)).toThrow(malformed(/mbox_reply\.status: wanted an i32/));
    expect(() => encodeReply(room(3), 0)).toThrow(malformed(/wanted 4 bytes, found 3/));
    expect(() => decodeReply(room(3))).toThrow(malformed(/wanted 4 bytes, found 3/));
  });
});
