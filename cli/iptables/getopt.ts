import { type Argument, longOptions, shortOptions } from './long-options.ts';

/** What one step of getopt found. */
export type Step =
  | { readonly kind: 'option'; readonly option: string; readonly argument: string | undefined }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'missing-argument' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'end' };

/**
 * getopt_long of the C library over iptables' options, as iptables uses it: words are given back in
 * their order (its optstring starts with "-:"), long names may be shortened, short ones joined. The
 * caller may take words that follow an option for itself, as iptables does for a chain's name.
 */
export class Getopt {
  readonly #words: readonly string[];
  #next: number;
  #cluster = '';

  /** `words` as in C: the program's name first. */
  constructor(words: readonly string[]) {
    this.#words = words;
    this.#next = 1;
  }

  /** The word before the next one: what iptables blames in its messages (argv[optind - 1]). */
  get previous(): string {
    return this.#words[this.#next - 1] ?? '';
  }

  /** Takes the next word when it can be an option's further argument (xshared.c, xs_has_arg). */
  takeWord(): string | undefined {
    const word = this.#words[this.#next];
    if (word === undefined || word.startsWith('-') || word.startsWith('!')) return undefined;
    this.#next += 1;
    return word;
  }

  /** Whether words are left over behind `--`. */
  get leftOver(): boolean {
    return this.#next < this.#words.length;
  }

  step(): Step {
    if (this.#cluster !== '') return this.#short();
    const word = this.#words[this.#next];
    if (word === undefined) return { kind: 'end' };
    if (word === '--') {
      this.#next += 1;
      return { kind: 'end' };
    }
    if (!word.startsWith('-') || word === '-') {
      this.#next += 1;
      return { kind: 'word', word };
    }
    if (word.startsWith('--')) {
      this.#next += 1;
      return this.#long(word.slice(2));
    }
    this.#cluster = word.slice(1);
    return this.#short();
  }

  #short(): Step {
    const option = this.#cluster.charAt(0);
    this.#cluster = this.#cluster.slice(1);
    const rest = this.#cluster;
    if (rest === '') this.#next += 1;
    const argument = shortOptions.get(option);
    if (argument === undefined) return { kind: 'unknown' };
    if (argument === 'none') return { kind: 'option', option, argument: undefined };
    if (rest !== '') {
      this.#cluster = '';
      this.#next += 1;
      return { kind: 'option', option, argument: rest };
    }
    return this.#withArgument(option, argument);
  }

  #long(text: string): Step {
    const equals = text.indexOf('=');
    const name = equals === -1 ? text : text.slice(0, equals);
    const found =
      longOptions.find((option) => option.name === name) ??
      unique(longOptions.filter((option) => option.name.startsWith(name)));
    if (found === undefined) return { kind: 'unknown' };
    if (equals === -1) return this.#withArgument(found.short, found.argument);
    if (found.argument === 'none') return { kind: 'unknown' };
    return { kind: 'option', option: found.short, argument: text.slice(equals + 1) };
  }

  #withArgument(option: string, wanted: Argument): Step {
    if (wanted !== 'required') return { kind: 'option', option, argument: undefined };
    const argument = this.#words[this.#next];
    if (argument === undefined) return { kind: 'missing-argument' };
    this.#next += 1;
    return { kind: 'option', option, argument };
  }
}

/** The only one, or the first of several that mean the same. */
function unique(found: readonly (typeof longOptions)[number][]): (typeof longOptions)[number] | undefined {
  const [first] = found;
  return found.every((option) => option.short === first?.short) ? first : undefined;
}
