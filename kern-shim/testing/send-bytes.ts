import net from 'node:net';

export interface SendOptions {
  /** Whether our half is ended behind the last piece. */
  readonly ends?: boolean;
  /** Breaks the connection off after so many milliseconds. */
  readonly breaksOffMs?: number | undefined;
}

/** Sends pieces of bytes to a unix socket and gives all that comes back until the other side ends or breaks off. */
export function sendBytes(
  socket: string,
  pieces: readonly Uint8Array[],
  { ends = true, breaksOffMs }: SendOptions = {},
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const connection = net.connect({ path: socket, allowHalfOpen: true });
    connection.setEncoding('utf8');
    connection.on('data', (chunk: string) => {
      answer += chunk;
    });
    connection.on('error', () => undefined);
    connection.on('end', () => connection.end());
    connection.on('close', () => resolve(answer));
    for (const piece of pieces) connection.write(piece);
    if (breaksOffMs !== undefined) setTimeout(() => connection.destroy(), breaksOffMs);
    else if (ends) connection.end();
  });
}
