import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { koffiPath } from '../sys/koffi.ts';
import { withCodeCache } from './code-cache.ts';
import { driverRehearsal } from './rehearsal.ts';

/**
 * Builds dist/: the command, its workers, the driver blob and koffi's native module. Nothing else
 * is needed to run. One CommonJS file for each thread: Node starts those fastest.
 */
const dist = 'dist';
/** Made beside it and put in its place when whole: what is there goes on working until then, and after a failure. */
const out = `${dist}.${process.pid}`;

const launcher = `#!/bin/sh
# Notes what Node changes at its start, for CMD to get it back (kern-shim/run/inherited.ts): the soft
# limit of open files, ignored signals, open descriptors, variables with names that a shell drops, and
# two that aren't meant for us: NODE_OPTIONS, and NODE_EXTRA_CA_CERTS, by which each start of Node would
# read some hundred certificates.
self=$0
[ -L "$self" ] && self=$(readlink -f "$self")
command -v node >/dev/null || { echo "bpfilter: node (20.19 or later) is not installed" >&2; exit 125; }
if [ "$1" = run ]; then
  ignored=
  while read -r name mask; do
    case $name in SigIgn:) ignored=$mask; break ;; esac
  done 2>/dev/null </proc/self/status
  open=
  for fd in /proc/self/fd/*; do
    [ -e "$fd" ] && ! [ "$fd" -ef "$0" ] && open="$open \${fd##*/}"
  done
  export BPFILTER_LAUNCH="$(ulimit -Sn) \${ignored:-0}$open"
  odd='^(NODE_OPTIONS=|NODE_EXTRA_CA_CERTS=|[0-9]|[^=]*[^=A-Za-z0-9_])'
  if grep -aqzE "$odd" "/proc/$$/environ" 2>/dev/null; then
    kept="$(grep -azE "$odd" "/proc/$$/environ" | base64 | tr -d '\\n')"
    [ -n "$kept" ] && export BPFILTER_LAUNCH_ENVIRONMENT="$kept" && unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
  fi
else
  case " $* " in *' run '*) ;; *) unset NODE_EXTRA_CA_CERTS ;; esac
fi
exec node "\${self%/*}/bpfilter.cjs" "$@"
`;

const shared: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'warning',
  legalComments: 'none',
  outdir: out,
  outExtension: { '.js': '.cjs' },
  // Node's import() of a CommonJS file reads all of it for names to import first; require() doesn't.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

/** What `run` doesn't need (yargs, printing) is a file of its own, loaded when it is asked for. */
const commandsApart: Plugin = {
  name: 'commands-apart',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/commands\.ts$/ }, () => ({ path: './commands.cjs', external: true }));
  },
};

mkdirSync(out);
process.on('exit', () => rmSync(out, { recursive: true, force: true }));
await build({
  ...shared,
  entryPoints: {
    bpfilter: 'cli/main.ts',
    'serve-worker': 'kern-shim/run/serve-worker.ts',
    'target-worker': 'kern-shim/run/target-worker.ts',
    'spawner-worker': 'kern-shim/spawner/spawner-worker.ts',
  },
  plugins: [commandsApart],
});
await build({ ...shared, entryPoints: ['cli/commands.ts'] });
// The driver runs from a memfd, where nothing lies beside it: what it needs is named by its environment.
await build({
  ...shared,
  define: { 'import.meta.url': 'undefined' },
  banner: {},
  minifyWhitespace: true,
  entryPoints: { bpfilter_umh: 'umh/main.ts' },
});
const blob = `${out}/bpfilter_umh.cjs`;
const folder = mkdtempSync(join(tmpdir(), 'bpfilter-build-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const rehearsal = driverRehearsal(folder);
const cached = (by: typeof rehearsal) => withCodeCache(readFileSync(blob, 'utf8'), join(folder, 'program'), by);
// A rehearsal that goes wrong makes starts slower, no more.
writeFileSync(blob, await cached(rehearsal).catch(() => cached(undefined)));
rehearsal?.close();
copyFileSync(koffiPath(), `${out}/koffi.node`);
writeFileSync(`${out}/bpfilter`, launcher);
chmodSync(`${out}/bpfilter`, 0o755);
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
writeFileSync(`${out}/package.json`, `${JSON.stringify({ type: 'commonjs', version })}\n`);
rmSync(dist, { recursive: true, force: true });
renameSync(out, dist);
