import fs from 'node:fs';
import net from 'node:net';
import { BpfilterError, describeError } from '../../protocol/error.ts';
import { type Peer, socketPeer } from '../../sys/socket-option.ts';
import { OldGarbage } from '../old-garbage.ts';
import { type ControlOperation, controlOperations } from '../run/messages.ts';
import { socketAddress } from './socket-address.ts';

/**
 * The unix socket of a running shim: one JSON object a line in, one out. It stands in the state
 * folder, which only its owner may enter; whoever gets there all the same must be that user, or root.
 */
export interface ControlRequest {
  readonly operation: ControlOperation;
}

export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

const longestLine = 4096;
/** Askers at a time; the next ones are turned away. */
const mostConnections = 64;
/** So long may an asker take to send its line, and to take the answer. */
const patienceMs = 5_000;

export interface ControlOptions {
  /** Whether a process may ask. Our user and root unless said otherwise: these can end us by a signal, too. */
  readonly mayAsk?: (peer: Peer) => boolean;
  readonly patience?: number;
}

function isOwner({ uid }: Peer): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/**
 * Listens at `path`.
 *
 * @param perform carries out an operation; what it throws becomes the answer's error
 * @param onFailure hears why nobody can connect; requests are served all the same
 * @returns ends the listening and removes the socket
 */
export function serveControl(
  path: string,
  perform: (operation: ControlOperation) => Promise<unknown>,
  onFailure: (error: unknown) => void,
  { mayAsk = isOwner, patience = patienceMs }: ControlOptions = {},
): () => void {
  fs.rmSync(path, { force: true });
  const garbage = new OldGarbage();
  // The asker ends its half first and then reads.
  const server = net.createServer({ allowHalfOpen: true }, (connection) => {
    let text = '';
    let asked = false;
    connection.setEncoding('utf8');
    connection.on('error', () => connection.destroy());
    connection.on('close', () => void garbage.tend(true));
    connection.setTimeout(patience, () => connection.destroy());
    connection.on('end', () => {
      if (!asked) connection.end();
    });
    const tell = (answer: ControlAnswer): void => {
      connection.setTimeout(patience);
      connection.end(`${JSON.stringify(answer)}\n`, () => {
        // What else it sends isn't read: until then only it could end the connection.
        if (connection.readableEnded) return;
        setTimeout(() => connection.destroy(), patience).unref();
      });
    };
    if (!mayAsk(peerOf(connection))) {
      asked = true;
      tell({ ok: false, error: 'only the user who started it may ask' });
      return;
    }
    connection.on('data', (chunk: string) => {
      if (asked) return;
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= longestLine) return;
      asked = true;
      connection.setTimeout(0);
      void answerTo(end < 0 || end > longestLine ? '' : text.slice(0, end), perform).then(tell);
      text = '';
    });
  });
  server.maxConnections = mostConnections;
  server.on('error', onFailure);
  const { address, close } = socketAddress(path);
  server.listen(address, () => {
    try {
      fs.chmodSync(address, 0o600);
    } catch (error) {
      onFailure(error);
    }
  });
  server.unref();
  return () => {
    server.close();
    close();
    fs.rmSync(path, { force: true });
  };
}

const nobody: Peer = { pid: 0, uid: 0xffffffff };

/** Node tells a connection's descriptor only inside itself. */
function peerOf(connection: net.Socket): Peer {
  const { _handle: handle } = connection as unknown as { readonly _handle?: { readonly fd?: unknown } | null };
  try {
    return typeof handle?.fd === 'number' && handle.fd >= 0 ? socketPeer(handle.fd) : nobody;
  } catch (error) {
    if (error instanceof BpfilterError) return nobody;
    throw error;
  }
}

async function answerTo(
  line: string,
  perform: (operation: ControlOperation) => Promise<unknown>,
): Promise<ControlAnswer> {
  try {
    const request: unknown = JSON.parse(line);
    const wanted =
      typeof request === 'object' && request !== null && 'operation' in request ? request.operation : undefined;
    const operation = controlOperations.find((name) => name === wanted);
    if (operation === undefined)
      return { ok: false, error: `expected an operation of ${controlOperations.join(', ')}` };
    return { ok: true, result: await perform(operation) };
  } catch (error) {
    return { ok: false, error: describeError(error) };
  }
}
