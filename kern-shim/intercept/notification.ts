import { NOTIF_RESP_SIZE, NOTIF_SIZE } from '../../sys/seccomp-notify.ts';

/**
 * struct seccomp_notif (80 bytes) and seccomp_notif_resp (24 bytes) of linux/seccomp.h, read and
 * written in place: the serving loop reuses one buffer of each.
 */
const at = { id: 0, pid: 8, nr: 16, args: 32 } as const;

/** A view of the notification buffer; every getter reads what the last receive left there. */
export class Notification {
  readonly buffer: Buffer = Buffer.alloc(NOTIF_SIZE);

  get id(): bigint {
    return this.buffer.readBigUInt64LE(at.id);
  }

  /** Thread id of the caller, as seen from the listener's pid namespace; 0 when it isn't visible there. */
  get pid(): number {
    return this.buffer.readUInt32LE(at.pid);
  }

  get syscall(): number {
    return this.buffer.readInt32LE(at.nr);
  }

  /** Argument as the kernel takes an int: the low 32 bits, signed. */
  int(index: number): number {
    return this.buffer.readInt32LE(at.args + 8 * index);
  }

  /** Argument as an address; user space ends below 2^53, so a number holds it (larger ones come out as they are, rounded). */
  address(index: number): number {
    return Number(this.buffer.readBigUInt64LE(at.args + 8 * index));
  }
}

const continueFlag = 1; // SECCOMP_USER_NOTIF_FLAG_CONTINUE

/** The response buffer: a value, an errno, or "let the kernel go on with the call". */
export class Response {
  readonly buffer: Buffer = Buffer.alloc(NOTIF_RESP_SIZE);

  value(id: bigint, value: number): Buffer {
    return this.#write(id, value, 0, 0);
  }

  errno(id: bigint, errno: number): Buffer {
    return this.#write(id, 0, -errno, 0);
  }

  proceed(id: bigint): Buffer {
    return this.#write(id, 0, 0, continueFlag);
  }

  #write(id: bigint, value: number, error: number, flags: number): Buffer {
    this.buffer.writeBigUInt64LE(id, 0);
    this.buffer.writeBigInt64LE(BigInt(value), 8);
    this.buffer.writeInt32LE(error, 16);
    this.buffer.writeUInt32LE(flags, 20);
    return this.buffer;
  }
}
