import readline from 'node:readline';
import { UdpStreams } from '../../drills/udp-streams.ts';

/**
 * Streams of UDP packets, in a process that is in a network namespace. Argument: JSON, names to ports. Lines
 * in: `start NAME`, `stop NAME`, `report`; each is answered by a line of JSON.
 */
const streams = await UdpStreams.open(JSON.parse(process.argv[2] ?? '{}') as Readonly<Record<string, number>>);

async function serve(line: string): Promise<void> {
  const [verb, name = ''] = line.split(' ');
  if (verb === 'start') await streams.start(name);
  else await streams.stop(...(verb === 'stop' ? [name] : [])); // what was sent last is to be received before it is counted
  process.stdout.write(`${JSON.stringify(await streams.report())}\n`);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on('line', (line) => void serve(line));
lines.on('close', () => process.exit(0));
