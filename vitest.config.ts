import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{cli,kern-shim,umh,rules,protocol,sys,drills,tests,scripts}/**/*.test.ts'],
    // Tests start processes and namespaces of their own; two files at a time fit the smallest machine.
    maxWorkers: 2,
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
