import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baseWarning, findBaseFolder, stateFolder } from './state-folder.ts';

const other = 12345;
/** Only root can give a folder to somebody else. */
const isRoot = process.geteuid?.() === 0 && fs.readFileSync('/proc/self/uid_map', 'latin1').includes('4294967295');

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'bpfilter-test-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

/** What is taken when BPFILTER_BASE is `base` and there is another folder to go to. */
function taken(base: string): string {
  const runtime = path.join(root, 'runtime');
  fs.mkdirSync(runtime, { mode: 0o700 });
  const env = { BPFILTER_BASE: base, XDG_RUNTIME_DIR: runtime };
  const [found, warning] = [findBaseFolder(env), baseWarning(env)];
  if (found === path.resolve(base)) {
    expect(warning).toBeUndefined();
    return 'this';
  }
  // Never silently.
  expect(warning).toContain(`BPFILTER_BASE=${base} is passed over, since `);
  expect(warning).toContain(`the state is below ${found}`);
  return 'another';
}

interface Case {
  readonly title: string;
  readonly expected: 'this' | 'another';
  readonly asRoot?: boolean;
  /** Makes what is there before and gives the path that is asked for. */
  make(): string;
}

const folder = (name: string, mode = 0o755): string => {
  const made = path.join(root, name);
  fs.mkdirSync(made);
  fs.chmodSync(made, mode);
  return made;
};

const cases: readonly Case[] = [
  { title: 'nothing there', expected: 'this', make: () => path.join(root, 'base') },
  { title: 'our own folder', expected: 'this', make: () => folder('base') },
  {
    title: 'in a shared folder that is sticky',
    expected: 'this',
    make: () => path.join(folder('tmp', 0o1777), 'base'),
  },
  {
    title: 'in a shared folder that is not sticky: anybody could put another in its place',
    expected: 'another',
    make: () => path.join(folder('tmp', 0o777), 'base'),
  },
  {
    title: 'two levels below such a folder',
    expected: 'another',
    make: () => {
      folder('tmp', 0o777);
      return path.join(folder('tmp/ours'), 'base');
    },
  },
  {
    title: 'a link to our own folder',
    expected: 'another',
    make: () => {
      fs.symlinkSync(folder('elsewhere'), path.join(root, 'base'));
      return path.join(root, 'base');
    },
  },
  {
    title: 'a link that leads nowhere',
    expected: 'another',
    make: () => {
      fs.symlinkSync('/nowhere', path.join(root, 'base'));
      return path.join(root, 'base');
    },
  },
  {
    title: 'below a link into a shared folder that is not sticky',
    expected: 'another',
    make: () => {
      fs.symlinkSync(folder('tmp', 0o777), path.join(root, 'link'));
      return path.join(root, 'link', 'base');
    },
  },
  {
    title: 'a file',
    expected: 'another',
    make: () => {
      fs.writeFileSync(path.join(root, 'base'), '');
      return path.join(root, 'base');
    },
  },
  { title: 'our own folder that the group may write to', expected: 'another', make: () => folder('base', 0o770) },
  {
    title: "somebody else's folder, made beforehand in a sticky one",
    expected: 'another',
    asRoot: true,
    make: () => {
      const base = path.join(folder('tmp', 0o1777), 'base');
      fs.mkdirSync(base, { mode: 0o777 });
      fs.chownSync(base, other, other);
      return base;
    },
  },
  {
    title: "below somebody else's folder",
    expected: 'another',
    asRoot: true,
    make: () => {
      const theirs = folder('theirs');
      fs.chownSync(theirs, other, other);
      return path.join(theirs, 'base');
    },
  },
];

describe('the base folder', () => {
  for (const { title, expected, asRoot, make } of cases) {
    it.skipIf(asRoot === true && !isRoot)(`${title}: ${expected}`, () => expect(taken(make())).toBe(expected));
  }

  it('lets others pass through but not look; a namespace has a folder that only its owner enters', () => {
    const before = process.umask(0);
    try {
      const base = findBaseFolder({ BPFILTER_BASE: path.join(root, 'base') });
      expect(fs.statSync(base).mode & 0o777).toBe(0o711);
      expect(fs.statSync(stateFolder(base, 5n)).mode & 0o777).toBe(0o700);
    } finally {
      process.umask(before);
    }
  });
});
