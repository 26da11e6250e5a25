import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** A folder with iptables' `*.t` files, or why there is none. */
export type TestSource = { readonly folder: string } | { readonly problem: string };

const minute = 60_000;

/**
 * iptables' own tests in the version that is installed here. They come from the distribution's source
 * package, are fetched once as the user who asks, and kept in that user's cache folder: they are never
 * part of this repository.
 */
export function iptablesTests(): TestSource {
  try {
    const { name, version } = installedSource();
    const folder = path.join(cacheFolder(), `${name}-${version.replaceAll(/[^\w.+~-]/g, '_')}`);
    if (!fs.existsSync(folder)) fetchInto(folder, name, version);
    return { folder };
  } catch (error) {
    return { problem: `iptables' own tests can't be had: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function cacheFolder(): string {
  const { XDG_CACHE_HOME: cache } = process.env;
  const base = cache !== undefined && path.isAbsolute(cache) ? cache : path.join(os.homedir(), '.cache');
  return path.join(base, 'bpfilter');
}

function run(
  program: string,
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): string {
  const done = spawnSync(program, args, {
    encoding: 'utf8',
    timeout: minute,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (done.status === 0) return done.stdout;
  throw new Error(`${program}: ${done.error?.message ?? done.stderr.trim().split('\n').at(-1) ?? ''}`);
}

function installedSource(): { readonly name: string; readonly version: string } {
  const [name = '', version = ''] = run('dpkg-query', [
    '--show',
    `--showformat=\${source:Package} \${source:Version}`,
    'iptables',
  ]).split(' ');
  return { name, version };
}

/** Fetched beside its place and then moved there: what stands in the cache is whole. */
function fetchInto(folder: string, name: string, version: string): void {
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const work = fs.mkdtempSync(`${folder}.part-`);
  try {
    const env = { APT_CONFIG: writeConfiguration(work) };
    run('apt-get', ['--quiet', 'update'], work, env);
    run('apt-get', ['--quiet', 'source', '--download-only', `${name}=${version}`], work, env);
    const archive = fs.readdirSync(work).find((file) => /\.orig\.tar\.\w+$/.test(file));
    if (archive === undefined) throw new Error('the source package has no .orig.tar');
    const found = path.join(work, 'extensions');
    fs.mkdirSync(found);
    const members = ['--wildcards', '--strip-components=2', '*/extensions/*.t'];
    run('tar', ['--extract', `--file=${path.join(work, archive)}`, `--directory=${found}`, ...members]);
    fs.renameSync(found, folder);
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** An apt of our own: the machine's sources, asked for source packages, and every file of its state in `work`. */
function writeConfiguration(work: string): string {
  const parts = path.join(work, 'sources');
  for (const folder of ['sources', 'lists/partial', 'cache/archives/partial']) {
    fs.mkdirSync(path.join(work, folder), { recursive: true });
  }
  const codename = distribution();
  for (const file of machineSources()) {
    const text = fs.readFileSync(file, 'utf8');
    const own = file.endsWith('.sources') ? stanzasForSource(text, codename) : linesForSource(text, codename);
    if (own !== '') fs.writeFileSync(path.join(parts, path.basename(file)), own);
  }
  const settings = {
    'Dir::Etc::sourcelist': '/dev/null',
    'Dir::Etc::sourceparts': parts,
    'Dir::State::lists': path.join(work, 'lists'),
    'Dir::Cache': path.join(work, 'cache'),
    // The folder is the user's own, where apt's other user could not write.
    'APT::Sandbox::User': os.userInfo().username,
    'APT::Update::Error-Mode': 'any',
    'Acquire::http::Timeout': '10',
    'Acquire::https::Timeout': '10',
    'Acquire::Languages': 'none',
  };
  const file = path.join(work, 'apt.conf');
  fs.writeFileSync(
    file,
    Object.entries(settings)
      .map(([key, value]) => `${key} "${value}";\n`)
      .join(''),
  );
  return file;
}

function distribution(): string {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(fs.readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (codename === undefined) throw new Error('/etc/os-release names no VERSION_CODENAME');
  return codename;
}

function machineSources(): readonly string[] {
  const folder = '/etc/apt/sources.list.d';
  const parts = fs.existsSync(folder) ? fs.readdirSync(folder).map((file) => path.join(folder, file)) : [];
  return ['/etc/apt/sources.list', ...parts].filter((file) => /\.(list|sources)$/.test(file) && fs.existsSync(file));
}

/** Suites of the distribution itself (NAME, NAME-updates, …): others don't carry its source packages. */
function isOfDistribution(suites: string | undefined, codename: string): boolean {
  return (suites ?? '').split(/\s+/).some((suite) => suite === codename || suite.startsWith(`${codename}-`));
}

/** The stanzas of a deb822 file (sources.list(5)) that are the distribution's, as deb-src. */
export function stanzasForSource(text: string, codename: string): string {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replaceAll(/^#.*\n?/gm, '').trim())
    .filter((stanza) => isOfDistribution(/^Suites:\s*(.*)$/im.exec(stanza)?.[1], codename))
    .filter((stanza) => !/^Enabled:\s*no\s*$/im.test(stanza))
    .map((stanza) => `${stanza.replace(/^Types:.*$/im, 'Types: deb-src')}\n`)
    .join('\n');
}

/** The lines of a one-line-style file that are the distribution's, as deb-src. */
export function linesForSource(text: string, codename: string): string {
  return text
    .split('\n')
    .flatMap((line) => {
      const [, options = '', uri = '', suite = '', components = ''] =
        /^deb\s+(\[.*?\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
      return isOfDistribution(suite, codename) && suite !== ''
        ? [`deb-src ${options}${uri} ${suite} ${components}\n`]
        : [];
    })
    .join('');
}
