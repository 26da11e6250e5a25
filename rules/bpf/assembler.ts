import type { Arithmetic, Condition, Instruction, Operand, Register, Width } from './instruction.ts';

/** Writes a program down instruction by instruction; each method is one of them. */
export class Assembler {
  readonly instructions: Instruction[] = [];

  label(name: string): this {
    return this.#add({ kind: 'label', name });
  }

  /** `to = to OP from`, of 64 bits. */
  alu(operation: Arithmetic, to: Register, from: Operand): this {
    return this.#add({ kind: 'arithmetic', operation, bits: 64, to, from });
  }

  /** Of 32 bits; the upper half becomes 0. */
  alu32(operation: Arithmetic, to: Register, from: Operand): this {
    return this.#add({ kind: 'arithmetic', operation, bits: 32, to, from });
  }

  move(to: Register, from: Register | { readonly value: number }): this {
    return this.alu('mov', to, typeof from === 'number' ? { register: from } : from.value);
  }

  /** Between host and network order. */
  swap(to: Register, bits: 16 | 32 | 64): this {
    return this.#add({ kind: 'swap', to, bits });
  }

  load(width: Width, to: Register, from: Register, offset: number): this {
    return this.#add({ kind: 'load', width, to, from, offset });
  }

  store(width: Width, to: Register, offset: number, from: Operand): this {
    return this.#add({ kind: 'store', width, to, offset, from });
  }

  atomicAdd(width: 4 | 8, to: Register, offset: number, from: Register): this {
    return this.#add({ kind: 'atomic', operation: 'add', width, to, offset, from });
  }

  /** `value` gets what was there. */
  exchange(width: 4 | 8, to: Register, offset: number, value: Register): this {
    return this.#add({ kind: 'atomic', operation: 'exchange', width, to, offset, from: value });
  }

  /** Stores where r0 is what is there; r0 gets what was. */
  compareExchange(width: 4 | 8, to: Register, offset: number, value: Register): this {
    return this.#add({ kind: 'atomic', operation: 'compare-exchange', width, to, offset, from: value });
  }

  constant(to: Register, value: bigint): this {
    return this.#add({ kind: 'constant', to, value });
  }

  /** The address of a map, as helpers take it. */
  map(to: Register, map: string): this {
    return this.#add({ kind: 'map', to, map });
  }

  /** The address of a place in the value of an array map that has one element. */
  mapValue(to: Register, map: string, offset = 0): this {
    return this.#add({ kind: 'map-value', to, map, offset });
  }

  jump(target: string): this {
    return this.#add({ kind: 'jump', target });
  }

  /** Compares 64 bits. */
  branch(left: Register, condition: Condition, right: Operand, target: string): this {
    return this.#add({ kind: 'branch', condition, left, right, target });
  }

  /** Goes on some eight million times at most in a run of the program, then to its target (Linux 6.9). */
  mayGoto(target: string): this {
    return this.#add({ kind: 'may-goto', target });
  }

  /** One of the kernel's helpers by its number (enum bpf_func_id in linux/bpf.h). */
  call(helper: number): this {
    return this.#add({ kind: 'call', helper });
  }

  exit(): this {
    return this.#add({ kind: 'exit' });
  }

  #add(instruction: Instruction): this {
    this.instructions.push(instruction);
    return this;
  }
}
