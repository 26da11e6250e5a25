/** What a classic program can ask of a packet of a test run, which is at the loopback device. */
export interface ClassicPacket {
  /** From the IP header on. */
  readonly bytes: Buffer;
  /** Before it. */
  readonly link: Buffer;
  readonly mark: number;
  readonly packetType: number;
}

const [LOOPBACK_INDEX, ARPHRD_LOOPBACK, IPV4] = [1, 772, 0x0800];

/** Runs a classic socket filter (struct sock_filter, one after another) as the kernel does, and gives what it returns. */
export function runClassic(program: Uint8Array, packet: ClassicPacket): number {
  const code = Buffer.from(program.buffer, program.byteOffset, program.length);
  const memory = new Uint32Array(16);
  let [a, x, pc] = [0, 0, 0];
  for (;;) {
    const at = 8 * pc;
    const opcode = code.readUInt16LE(at);
    const [jt, jf, k] = [code.readUInt8(at + 2), code.readUInt8(at + 3), code.readUInt32LE(at + 4)];
    const operand = (opcode & 8) === 0 ? k : x;
    pc += 1;
    const size = [4, 2, 1][(opcode >> 3) & 3] ?? 0;
    switch (opcode) {
      case 0x20:
      case 0x28:
      case 0x30: {
        if (k >= 0xfffff000) {
          const value = ancillary(k - 0xfffff000, packet, a, x);
          a = value >>> 0;
          break;
        }
        const read = readAt(packet, k, size);
        if (read === undefined) return 0;
        a = read;
        break;
      }
      case 0x40:
      case 0x48:
      case 0x50: {
        const read = readAt(packet, (x + k) >>> 0, size);
        if (read === undefined) return 0;
        a = read;
        break;
      }
      case 0xb1: {
        const read = readAt(packet, k, 1);
        if (read === undefined) return 0;
        x = (read & 15) * 4;
        break;
      }
      case 0x00:
        a = k;
        break;
      case 0x01:
        x = k;
        break;
      case 0x80:
        a = packet.bytes.length;
        break;
      case 0x81:
        x = packet.bytes.length;
        break;
      case 0x60:
        a = memory[k] ?? 0;
        break;
      case 0x61:
        x = memory[k] ?? 0;
        break;
      case 0x02:
        memory[k] = a;
        break;
      case 0x03:
        memory[k] = x;
        break;
      case 0x07:
        x = a;
        break;
      case 0x87:
        a = x;
        break;
      case 0x06:
        return k;
      case 0x16:
        return a;
      case 0x05:
        pc += k;
        break;
      default: {
        if ((opcode & 7) === 5) {
          const holds = [a === operand, a > operand, a >= operand, (a & operand) !== 0][(opcode >> 4) - 1];
          pc += holds === true ? jt : jf;
          break;
        }
        const result = calculate(opcode >> 4, a, operand);
        if (result === undefined) return 0;
        a = result;
      }
    }
  }
}

function calculate(operation: number, a: number, operand: number): number | undefined {
  const zero = operand === 0;
  const results = [
    () => a + operand,
    () => a - operand,
    () => Math.imul(a, operand),
    () => (zero ? undefined : Math.floor(a / operand)),
    () => a | operand,
    () => a & operand,
    () => a << operand,
    () => a >>> operand,
    () => -a,
    () => (zero ? undefined : a % operand),
    () => a ^ operand,
  ] as const;
  const result = results[operation]?.();
  return result === undefined ? undefined : result >>> 0;
}

function ancillary(which: number, { mark, packetType }: ClassicPacket, a: number, x: number): number {
  const known: Readonly<Record<number, number>> = {
    0: IPV4,
    4: packetType,
    8: LOOPBACK_INDEX,
    20: mark,
    24: 0,
    28: ARPHRD_LOOPBACK,
    32: 0,
    // whichever it is: programs only ask whether it is far too high
    36: 0,
    40: a ^ x,
    44: 0,
    48: 0,
    // likewise: whether two are the same
    56: 2 ** 32 * Math.random(),
    60: 0,
  };
  const value = known[which];
  if (value === undefined) throw new TypeError(`extension ${which} isn't known here`);
  return value;
}

/** At an offset of 32 bits, with what is meant by those below 0. */
function readAt({ bytes, link }: ClassicPacket, offset: number, size: number): number | undefined {
  const whole = Buffer.concat([link, bytes]);
  const signed = offset | 0;
  const at =
    signed >= 0 ? link.length + signed : signed >= -0x10_0000 ? link.length + signed + 0x10_0000 : signed + 0x20_0000;
  return at < 0 || at + size > whole.length ? undefined : whole.readUIntBE(at, size);
}
