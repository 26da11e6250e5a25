// The smallest user-mode driver: answers each 24-byte request with its own `len` as the status.
const fs = require('node:fs');
process.title = 'self_test_umd';
const request = Buffer.alloc(24);
const reply = Buffer.alloc(4);
for (;;) {
  if (fs.readSync(0, request, 0, request.length, null) !== request.length) break;
  const length = request.readUInt32LE(8);
  if (length === 1001) for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (length === 1002) process.exit(3);
  reply.writeInt32LE(length, 0);
  fs.writeSync(1, reply, 0, length === 1003 ? 2 : 4);
}
