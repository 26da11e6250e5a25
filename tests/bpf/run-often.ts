/** Runs a program, descriptor 3, on a packet so many times: `run-often.ts TIMES PACKET`, the packet hexadecimal and with an Ethernet header. */
import { testRun } from '../../sys/bpf/testing/test-run.ts';

const [times = '', packet = ''] = process.argv.slice(2);
testRun(3, { data: Buffer.from(packet, 'hex'), repeat: Number(times) });
