/** Whether this string (NUL included) is at an offset. */
export function stringIs(strings: Uint8Array, offset: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) if (strings[offset + i] !== name[i]) return false;
  return true;
}

/** Some names, to be told apart from a kernel's 80,000 others: most differ in their first two bytes. */
export class Names {
  readonly #starts = new Uint8Array(1 << 16);
  readonly #names: { readonly name: string; readonly bytes: Uint8Array }[] = [];

  constructor(names: readonly string[]) {
    for (const name of new Set(names)) {
      const bytes = Buffer.from(`${name}\0`, 'latin1');
      this.#names.push({ name, bytes });
      this.#starts[Names.#start(bytes, 0)] = 1;
    }
  }

  static #start(bytes: Uint8Array, offset: number): number {
    return (bytes[offset] ?? 0) | ((bytes[offset + 1] ?? 0) << 8);
  }

  /** Which of them the string at an offset is. */
  at(strings: Uint8Array, offset: number): string | undefined {
    if (this.#starts[Names.#start(strings, offset)] === 0) return undefined;
    for (const { name, bytes } of this.#names) if (stringIs(strings, offset, bytes)) return name;
    return undefined;
  }
}
