import dgram from 'node:dgram';

const host = '127.0.0.1';
const intervalMs = 2;
const settleMs = 30;
const headerBytes = 28;
const payload = Buffer.alloc(100);

/** Bytes that a rule counts for each packet of a stream: IPv4 header, UDP header, payload. */
export const packetBytes = headerBytes + payload.length;

export interface StreamReport {
  readonly sent: number;
  readonly received: number;
}

/** Streams of packets, by name. */
export interface Streams {
  start(...names: readonly string[]): Promise<void>;
  /** Returns when the last packet has arrived. */
  stop(...names: readonly string[]): Promise<void>;
  report(): Promise<Readonly<Record<string, StreamReport>>>;
}

interface Stream {
  readonly receiver: dgram.Socket;
  readonly sender: dgram.Socket;
  sent: number;
  received: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Streams of UDP packets on this network namespace's loopback. Sent and received by one thread, so that no
 * buffer fills while it doesn't run.
 */
export class UdpStreams implements Streams {
  readonly #streams = new Map<string, Stream>();

  /** @param ports of the streams, by name */
  static async open(ports: Readonly<Record<string, number>>): Promise<UdpStreams> {
    const streams = new UdpStreams();
    for (const [name, port] of Object.entries(ports)) streams.#streams.set(name, await openStream(port));
    return streams;
  }

  start(...names: readonly string[]): Promise<void> {
    for (const stream of this.#named(names)) stream.timer ??= setInterval(() => send(stream), intervalMs);
    return Promise.resolve();
  }

  stop(...names: readonly string[]): Promise<void> {
    for (const stream of this.#named(names)) {
      clearInterval(stream.timer);
      stream.timer = undefined;
    }
    return new Promise((resolve) => setTimeout(resolve, settleMs));
  }

  report(): Promise<Readonly<Record<string, StreamReport>>> {
    const entries = [...this.#streams].map(([name, { sent, received }]) => [name, { sent, received }] as const);
    return Promise.resolve(Object.fromEntries(entries));
  }

  close(): void {
    for (const { sender, receiver, timer } of this.#streams.values()) {
      clearInterval(timer);
      sender.close();
      receiver.close();
    }
    this.#streams.clear();
  }

  #named(names: readonly string[]): readonly Stream[] {
    return names.flatMap((name) => this.#streams.get(name) ?? []);
  }
}

async function openStream(port: number): Promise<Stream> {
  const receiver = dgram.createSocket('udp4');
  const sender = dgram.createSocket('udp4');
  const stream: Stream = { receiver, sender, sent: 0, received: 0, timer: undefined };
  receiver.on('message', () => {
    stream.received += 1;
  });
  await new Promise<void>((resolve) => receiver.bind(port, host, resolve));
  await new Promise<void>((resolve) => sender.connect(port, host, resolve));
  return stream;
}

function send(stream: Stream): void {
  stream.sender.send(payload, (error) => {
    if (error === null || error === undefined) stream.sent += 1;
  });
}
