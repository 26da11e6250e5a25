import fs from 'node:fs';
import net from 'node:net';
import { describeError } from '../../protocol/error.ts';
import { type ControlOperation, controlOperations } from '../run/messages.ts';
import { socketAddress } from './socket-address.ts';

/**
 * The unix socket of a running shim: one JSON object a line in, one out. It stands in the state
 * folder, which only its owner may enter.
 */
export interface ControlRequest {
  readonly operation: ControlOperation;
}

export type ControlAnswer =
  | { readonly ok: true; readonly result: unknown }
  | { readonly ok: false; readonly error: string };

const longestLine = 4096;

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
): () => void {
  fs.rmSync(path, { force: true });
  // The asker ends its half first and then reads.
  const server = net.createServer({ allowHalfOpen: true }, (connection) => {
    let text = '';
    connection.setEncoding('utf8');
    connection.on('error', () => connection.destroy());
    connection.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= longestLine) return;
      connection.pause();
      void answerTo(end < 0 ? '' : text.slice(0, end), perform).then((answer) =>
        connection.end(`${JSON.stringify(answer)}\n`),
      );
    });
  });
  server.on('error', onFailure);
  const { address, close } = socketAddress(path);
  server.listen(address);
  server.unref();
  return () => {
    server.close();
    close();
    fs.rmSync(path, { force: true });
  };
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
