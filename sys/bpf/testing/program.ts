/** struct bpf_insn: code u8, dst:4 src:4, offset i16, immediate i32. `registers` is dst + 16 * src. */
export function instruction(code: number, registers = 0, offset = 0, immediate = 0): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt8(code, 0);
  bytes.writeUInt8(registers, 1);
  bytes.writeInt16LE(offset, 2);
  bytes.writeInt32LE(immediate, 4);
  return bytes;
}

export const exit = instruction(0x95);

/** A program that returns this. */
export function returns(value: number): Buffer {
  return Buffer.concat([instruction(0xb7, 0, 0, value), exit]);
}

/** 14 bytes of Ethernet header with the ethertype of IPv4, then these bytes and 20 of zeroes. */
export function ethernet(...packet: number[]): Uint8Array {
  return Uint8Array.from([...new Array<number>(12).fill(0), 8, 0, ...packet, ...new Array<number>(20).fill(0)]);
}
