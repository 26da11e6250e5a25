import fs from 'node:fs';
import path from 'node:path';
import { BpfilterError } from '../../protocol/error.ts';
import { CAP_NET_ADMIN, CAP_SYS_ADMIN, hasCap, readCaps } from '../../sys/capability.ts';
import { getNofile } from '../../sys/resource-limit.ts';

const systemLock = '/run/xtables.lock';

/**
 * A shim reaches its callers through /proc/PID: that must be the /proc of its own pid namespace.
 *
 * @throws 'state' when it isn't
 */
export function checkProc(): void {
  let self: string | undefined;
  try {
    self = fs.readlinkSync('/proc/self');
  } catch {
    // No /proc at all.
  }
  if (self === String(process.pid)) return;
  throw new BpfilterError(
    'state',
    `/proc belongs to another pid namespace (it calls this process ${self ?? 'nothing'}, its pid is ${process.pid}): mount a /proc of this one first`,
  );
}

/** Found by trying: below 48 a thread or the driver fails. Further namespaces take some more. */
const fewestDescriptors = 64;

/**
 * With too few descriptors threads fail one by one, and CMD would wait for answers that nobody can give.
 *
 * @throws 'state' when the hard limit is too low; Node raises the soft one to it
 */
export function checkDescriptors(): void {
  const { hard } = getNofile();
  if (hard >= fewestDescriptors) return;
  throw new BpfilterError(
    'state',
    `${fewestDescriptors} open files are needed, the hard limit is ${hard} (ulimit -Hn)`,
  );
}

/** What a driver knows of each variable that the shim hands on to it. */
const settings: Readonly<Record<string, readonly string[]>> = {
  BPFILTER_TRANSPORT: ['auto', 'netlink', 'exec'],
  BPFILTER_BACKEND: ['auto', 'nft', 'bpf'],
  BPFILTER_XT: ['yes', 'no'],
  BPFILTER_STANDBY: ['yes', 'no'],
};

/**
 * A driver that is told nonsense would refuse every request: better to say so at once.
 *
 * @throws 'usage' for a value that there isn't
 */
export function checkEnvironment(env: NodeJS.ProcessEnv): void {
  for (const [name, known] of Object.entries(settings)) {
    const value = env[name];
    if (value === undefined || known.includes(value)) continue;
    throw new BpfilterError('usage', `${name} is "${value}", expected one of ${known.join(', ')}`);
  }
}

/** Whether this process may set up a firewall in its network namespace. A user namespace's own root may in its own. */
export function mayAdministerHere(): boolean {
  return hasCap(readCaps('self').effective, CAP_NET_ADMIN);
}

/** no_new_privs is for who couldn't install a filter otherwise: as root it would break sudo in CMD. */
export function needsNoNewPrivs(): boolean {
  return !hasCap(readCaps('self').effective, CAP_SYS_ADMIN);
}

/** What CMD needs for its lock where /run can't be written: iptables fails on it otherwise. */
export function lockEnvironment(base: string, env: NodeJS.ProcessEnv): Record<string, string> {
  if (env.XTABLES_LOCKFILE !== undefined) return {};
  try {
    fs.closeSync(fs.openSync(systemLock, fs.constants.O_RDONLY | fs.constants.O_CREAT, 0o600));
    return {};
  } catch {
    return { XTABLES_LOCKFILE: path.join(base, 'xtables.lock') };
  }
}
