import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

const policy = '/usr/sbin/policy-rc.d';
const noninteractive = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };

/** Why a program isn't here and can't be had; undefined when it is. Asks the package manager at most once. */
export function missingProgram(program: string, packageName: string): string | undefined {
  if (isThere(program)) return undefined;
  if (!isThere('apt-get')) return `${packageName} is not installed, and there is no apt-get`;
  const said = withoutService(packageName, () =>
    run('apt-get', 'install', '-y', '--no-install-recommends', packageName),
  );
  return isThere(program) ? undefined : `${packageName} can't be installed: ${said}`;
}

/** Installed for a test, a package's service must neither start now nor with the machine. */
function withoutService(service: string, install: () => string): string {
  const isOurs = !fs.existsSync(policy);
  if (isOurs) fs.writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return install();
  } finally {
    if (isOurs) fs.rmSync(policy);
    run('systemctl', 'disable', `${service}.service`);
  }
}

function isThere(program: string): boolean {
  return run('sh', '-c', `command -v ${program}`) !== '';
}

/** What a command says on both channels; nothing where it isn't there. */
function run(program: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env: noninteractive });
  return `${stdout ?? ''}${stderr ?? ''}`.trim();
}
