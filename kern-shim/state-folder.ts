import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { BpfilterError } from '../protocol/error.ts';

const ownerOnly = 0o700;
/** Other users may pass through the base folder to the legacy programs' links; each namespace's folder is its owner's. */
const passThrough = 0o711;

/**
 * The folder that state, logs and sockets live below: the first of /run/bpfilter,
 * $XDG_RUNTIME_DIR/bpfilter and a private folder in the temporary directory that can be written.
 * Chosen by trying: uid 0 in a user namespace can't write to /run.
 *
 * @returns an absolute path
 * @throws 'state' when none can be
 */
export function findBaseFolder(env: Readonly<Record<string, string | undefined>>): string {
  const runtime = env.XDG_RUNTIME_DIR;
  const candidates = [
    env.BPFILTER_BASE,
    '/run/bpfilter',
    runtime === undefined ? undefined : path.join(runtime, 'bpfilter'),
    path.join(os.tmpdir(), `bpfilter-${outerUid()}`),
  ];
  const reasons: string[] = [];
  for (const candidate of candidates) {
    if (candidate === undefined || candidate === '') continue;
    const reason = whyNot(candidate);
    // The driver works in another folder, and CMD may change its own.
    if (reason === undefined) return path.resolve(candidate);
    reasons.push(`${candidate}: ${reason}`);
  }
  throw new BpfilterError('state', `no folder for the state can be written (${reasons.join('; ')})`);
}

/** Says why the folder that BPFILTER_BASE names is passed over, and which one is taken; undefined where it isn't. */
export function baseWarning(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { BPFILTER_BASE: asked = '' } = env;
  const reason = asked === '' ? undefined : whyNot(asked);
  if (reason === undefined) return undefined;
  return `BPFILTER_BASE=${asked} is passed over, since ${reason}: the state is below ${findBaseFolder(env)}`;
}

/**
 * The state folder of one network namespace. Its key is the boot and the namespace's cookie:
 * inode numbers of namespaces are used again at once and would hand a dead one's rules to a new one.
 *
 * @param cookie SO_NETNS_COOKIE
 */
export function stateFolder(base: string, cookie: bigint): string {
  const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim().replaceAll('-', '');
  const folder = path.join(base, `${boot}-${cookie}`);
  makeFolder(folder, ownerOnly);
  return folder;
}

/** Makes a folder with exactly this mode, whatever the umask; one that is there stays as it is. */
export function makeFolder(folder: string, mode: number): void {
  try {
    fs.mkdirSync(folder, { mode });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    throw error;
  }
  fs.chmodSync(folder, mode);
}

/**
 * Undefined when the folder is there, ours alone and writable, and nobody else can put another in its place. A folder
 * somebody else made is never trusted.
 */
function whyNot(folder: string): string | undefined {
  try {
    const reason = whyMovable(path.dirname(path.resolve(folder)));
    if (reason !== undefined) return reason;
    makeFolder(folder, passThrough);
  } catch (error) {
    return reasonOf(error);
  }
  try {
    const stat = fs.lstatSync(folder);
    if (!stat.isDirectory()) return 'is no folder';
    if (stat.uid !== process.geteuid?.()) return `belongs to uid ${stat.uid}`;
    if ((stat.mode & 0o022) !== 0) return 'others may write to it';
    fs.accessSync(folder, fs.constants.W_OK | fs.constants.X_OK);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/**
 * Who may write to one of the folders above could rename what lies in it and put their own there; in a sticky one, such
 * as /tmp, only what is theirs. Links on the way are followed to where they lead now.
 */
function whyMovable(above: string): string | undefined {
  const sticky = 0o1000;
  for (let folder = fs.realpathSync(above); ; folder = path.dirname(folder)) {
    const { mode, uid } = fs.statSync(folder);
    if ((mode & 0o022) !== 0 && (mode & sticky) === 0) return `others may write to ${folder}`;
    if (uid !== process.geteuid?.() && !isSystem(uid)) return `${folder} belongs to uid ${uid}`;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** Root, or whom a user namespace can't name: root outside it, as far as anybody can tell. */
function isSystem(uid: number): boolean {
  return uid === 0 || uid === Number(fs.readFileSync('/proc/sys/kernel/overflowuid', 'latin1'));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Our uid as the outermost namespace we know of sees it, so that users who are all "root" in theirs don't collide. */
function outerUid(): number {
  const uid = process.geteuid?.() ?? 0;
  for (const line of fs.readFileSync('/proc/self/uid_map', 'latin1').split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number);
    if (inside === undefined || outside === undefined || count === undefined) continue;
    if (uid >= inside && uid < inside + count) return outside + uid - inside;
  }
  return uid;
}
