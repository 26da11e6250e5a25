import { describe, expect, it } from 'vitest';
import { linesForSource, stanzasForSource } from './source.ts';

describe('stanzasForSource', () => {
  it("keeps the distribution's suites, as deb-src", () => {
    const text = [
      '# the archive\nTypes: deb\n# a mirror\nURIs: mirror:/one\nSuites: nine nine-updates\nComponents: main',
      'Types: deb\nURIs: mirror:/two\nSuites: other-nine\nComponents: main',
      'Types: deb\nURIs: mirror:/three\nSuites: nine\nComponents: main\nEnabled: no',
      'Types: deb deb-src\nURIs: mirror:/four\nSuites: nine-security\nComponents: main\n',
    ].join('\n\n');
    expect(stanzasForSource(text, 'nine')).toBe(
      [
        'Types: deb-src\nURIs: mirror:/one\nSuites: nine nine-updates\nComponents: main\n',
        'Types: deb-src\nURIs: mirror:/four\nSuites: nine-security\nComponents: main\n',
      ].join('\n'),
    );
  });
});

describe('linesForSource', () => {
  it.each([
    ['deb mirror:/one nine main contrib', 'deb-src mirror:/one nine main contrib\n'],
    [
      'deb [signed-by=/a/key arch=all] mirror:/one nine-updates main',
      'deb-src [signed-by=/a/key arch=all] mirror:/one nine-updates main\n',
    ],
    ['deb mirror:/one ninety main', ''],
    ['deb-src mirror:/one nine main', ''],
    ['# deb mirror:/one nine main', ''],
    ['', ''],
  ])('%s', (line, own) => expect(linesForSource(`${line}\n`, 'nine')).toBe(own));
});
