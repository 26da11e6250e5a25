/** A shim by its process: the socket that it answers on while it lives, and the name of its own that its drivers' journals have. */

const SOCKET = /^shim-(\d+)\.sock$/;
const PID_DIGITS = 8;
const CLIENT = /^[0-9a-f]{24}$/;

/** The name of a shim's socket in the state folder. */
export function shimSocketName(pid: number): string {
  return `shim-${pid}.sock`;
}

/** Whose socket a file is; undefined for other files. */
export function pidOfShimSocket(name: string): number | undefined {
  const [, pid] = SOCKET.exec(name) ?? [];
  return pid === undefined ? undefined : Number(pid);
}

/**
 * A shim's name: 24 hex digits, the first 8 of them its process id.
 *
 * @param nonce 16 hex digits that no other shim with this process id has or had
 */
export function clientName(pid: number, nonce: string): string {
  return `${pid.toString(16).padStart(PID_DIGITS, '0')}${nonce}`;
}

/** The process of a shim by its name; undefined for a name of another form. */
export function pidOfClient(client: string): number | undefined {
  return CLIENT.test(client) ? Number.parseInt(client.slice(0, PID_DIGITS), 16) : undefined;
}
