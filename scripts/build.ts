import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { koffiPath } from '../sys/koffi.ts';

/** Builds dist/: the command, its workers, the driver blob and koffi's native module. Nothing else is needed to run. */
const out = 'dist';

const launcher = `#!/bin/sh
# Node raises the soft limit of open files at its start: what CMD is to get is kept here.
self=$(readlink -f "$0") || exit 125
command -v node >/dev/null || { echo "bpfilter: node (20.19 or later) is not installed" >&2; exit 125; }
BPFILTER_NOFILE=\$(ulimit -Sn) exec node "\${self%/*}/bpfilter.mjs" "$@"
`;

const shared = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', legalComments: 'none', minifyWhitespace: false } as const;

rmSync(out, { recursive: true, force: true });
mkdirSync(out);
await build({
  ...shared,
  entryPoints: {
    bpfilter: 'cli/main.ts',
    'serve-worker': 'kern-shim/run/serve-worker.ts',
    'target-worker': 'kern-shim/run/target-worker.ts',
    'spawner-worker': 'kern-shim/spawner/spawner-worker.ts',
  },
  format: 'esm',
  splitting: true,
  outdir: out,
  outExtension: { '.js': '.mjs' },
  chunkNames: 'chunk-[hash]',
  // yargs and binary-parser are CommonJS or ask for require.
  banner: { js: "import { createRequire as bannerRequire } from 'node:module'; const require = bannerRequire(import.meta.url);" },
});
await build({
  ...shared,
  entryPoints: ['umh/main.ts'],
  format: 'cjs',
  outfile: `${out}/bpfilter_umh.cjs`,
  logOverride: { 'empty-import-meta': 'silent' },
});
copyFileSync(koffiPath(), `${out}/koffi.node`);
writeFileSync(`${out}/bpfilter`, launcher);
chmodSync(`${out}/bpfilter`, 0o755);
