import dgram from 'node:dgram';
import readline from 'node:readline';

/**
 * Streams of UDP packets on loopback, sent and received by one process, so that no buffer fills
 * while it doesn't run. Argument: JSON, names to ports. Lines in: `start NAME`, `stop NAME`,
 * `report`; each is answered by a line of JSON.
 */
const ports = JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, number>>;
const host = '127.0.0.1';
const intervalMs = 2;
const settleMs = 30;
const payload = Buffer.alloc(100);

interface Stream {
  readonly receiver: dgram.Socket;
  readonly sender: dgram.Socket;
  sent: number;
  received: number;
  timer: NodeJS.Timeout | undefined;
}

const streams = new Map<string, Stream>();

async function open(name: string, port: number): Promise<void> {
  const receiver = dgram.createSocket('udp4');
  const sender = dgram.createSocket('udp4');
  const stream: Stream = { receiver, sender, sent: 0, received: 0, timer: undefined };
  receiver.on('message', () => {
    stream.received += 1;
  });
  await new Promise<void>((resolve) => receiver.bind(port, host, resolve));
  await new Promise<void>((resolve) => sender.connect(port, host, resolve));
  streams.set(name, stream);
}

function send(stream: Stream): void {
  stream.sender.send(payload, (error) => {
    if (error === null || error === undefined) stream.sent += 1;
  });
}

function report(): Record<string, { readonly sent: number; readonly received: number }> {
  return Object.fromEntries([...streams].map(([name, { sent, received }]) => [name, { sent, received }]));
}

function serve(line: string): void {
  const [verb, name = ''] = line.split(' ');
  const stream = streams.get(name);
  if (verb === 'start' && stream !== undefined) stream.timer ??= setInterval(() => send(stream), intervalMs);
  if (verb === 'stop' && stream !== undefined) {
    clearInterval(stream.timer);
    stream.timer = undefined;
  }
  // What was sent last is to be received before it is counted.
  setTimeout(() => process.stdout.write(`${JSON.stringify(report())}\n`), verb === 'start' ? 0 : settleMs);
}

for (const [name, port] of Object.entries(ports)) await open(name, port);
const lines = readline.createInterface({ input: process.stdin });
lines.on('line', serve);
lines.on('close', () => process.exit(0));
