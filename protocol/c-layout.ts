import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A struct as the C compiler knows it: for tests that compare our layouts with the kernel's headers. */
export interface CStruct {
  /** Its C name, e.g. `struct ipt_ip`. */
  readonly type: string;
  /** Its members by the names our struct has for them, e.g. `revision: 'u.user.revision'`. */
  readonly members: Readonly<Record<string, string>>;
}

export interface MeasuredStruct {
  readonly size: number;
  readonly align: number;
  readonly offsets: Readonly<Record<string, number>>;
}

/** Why a struct of these headers can't be measured here; undefined when it can. */
export function whyNotMeasured(headers: readonly string[]): string | undefined {
  if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0) return 'no gcc';
  const missing = headers.find((header) => !existsSync(join('/usr/include', header)));
  return missing === undefined ? undefined : `no ${missing} (linux-libc-dev)`;
}

/** Size, alignment and offsets of C structs, from a program compiled with gcc. Throws what gcc says when it refuses. */
export function measureWithC(headers: readonly string[], structs: readonly CStruct[]): readonly MeasuredStruct[] {
  const folder = mkdtempSync(join(tmpdir(), 'c-layout-'));
  try {
    const source = join(folder, 'layout.c');
    const program = join(folder, 'layout');
    writeFileSync(source, programText(headers, structs));
    execFileSync('gcc', ['-o', program, source], { stdio: ['ignore', 'ignore', 'pipe'] });
    return JSON.parse(execFileSync(program, { encoding: 'utf8' })) as readonly MeasuredStruct[];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A program that prints the measures as JSON. */
function programText(headers: readonly string[], structs: readonly CStruct[]): string {
  const statements = structs.flatMap(({ type, members }, index) => [
    `printf("%s{\\"size\\":%zu,\\"align\\":%zu,\\"offsets\\":{", "${index === 0 ? '' : ','}", sizeof(${type}), _Alignof(${type}));`,
    ...Object.entries(members).map(
      ([name, member], place) =>
        `printf("%s\\"${name}\\":%zu", "${place === 0 ? '' : ','}", __builtin_offsetof(${type}, ${member}));`,
    ),
    'printf("}}");',
  ]);
  return [
    '#include <stdio.h>',
    '#include <sys/socket.h>',
    ...headers.map((header) => `#include <${header}>`),
    'int main(void) {',
    'printf("[");',
    ...statements,
    'printf("]\\n");',
    'return 0;',
    '}',
    '',
  ].join('\n');
}
