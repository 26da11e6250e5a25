import { type PacketCase, table } from './case.ts';
import { both } from './counting.ts';
import { flows } from './flows.ts';
import { sent } from './packet.ts';
import { everyWay, mixedProbes } from './probes.ts';
import { tcp } from './transport.ts';

const ownerTests = [
  '--uid-owner 0',
  '--uid-owner 0-65533',
  '--uid-owner 1-65534',
  '--gid-owner 0',
  '--gid-owner 7-9',
  '--socket-exists',
  '--gid-owner 8 --suppl-groups',
].flatMap((one) => both.map((not) => `${not}${one}`));
const owners = [
  ...ownerTests.filter((one) => one !== '! --gid-owner 8 --suppl-groups'),
  '--uid-owner 0 ! --gid-owner 7',
  '! --uid-owner 65534 --gid-owner 0',
  '! --uid-owner 0 ! --gid-owner 0',
  '--socket-exists --uid-owner 65534',
  '--socket-exists ! --uid-owner 65534',
  '! --socket-exists --uid-owner 0',
  '! --socket-exists ! --uid-owner 0',
  '--socket-exists --uid-owner 0 --gid-owner 0',
].map((one) => `-m owner ${one}`);

/** What programs of several users send, and what the kernel answers by itself. */
const traffic = [
  'echo a | setpriv --reuid 65534 --regid 7 --clear-groups nc -u -q 0 -p 5000 10.2.0.2 888',
  'echo b | setpriv --reuid 1 --regid 9 --groups 8 nc -u -q 0 -p 5001 10.2.0.2 888',
  'echo c | nc -u -q 0 -p 5002 10.2.0.2 888',
  // no listener: the kernel refuses
  'nc -w 1 -p 5003 127.0.0.1 889; true',
  'setpriv --reuid 65534 --regid 7 --clear-groups nc -w 1 -p 5004 127.0.0.1 889; true',
  // an answer to a socket that waits for it alone
  '(echo answer; sleep 0.6) | timeout 0.8 setpriv --reuid 1 --regid 9 --clear-groups nc -u -l 127.0.0.1 5008 >/dev/null 2>&1 & sleep 0.3; echo question | timeout 0.3 nc -u -p 5009 127.0.0.1 5008 >/dev/null; wait',
  '(timeout 2 setpriv --reuid 65534 --regid 7 --clear-groups nc -l 127.0.0.1 5005 </dev/null >/dev/null 2>&1 &) ; sleep 0.3',
].map((run) => ({ run }));

/** A listener answers, and as nobody waits for that the kernel resets. */
const halfOpen = sent('host', tcp({ sport: 5006, dport: 5005 }), { source: '127.0.0.1', destination: '127.0.0.1' });
const segments = ['SYN,ACK SYN', 'SYN,ACK SYN,ACK', 'RST RST'].map((flags) => `-p tcp -m tcp --tcp-flags ${flags}`);

function local(
  title: string,
  chain: string,
  tests: readonly string[],
  name: 'filter' | 'mangle' = 'filter',
): PacketCase {
  const kinds = ['-p udp', '-p icmp', ...segments];
  const rules = tests.flatMap((one) => kinds.map((kind) => `-A ${chain} ${kind} ${one}`));
  return {
    title,
    steps: [
      { restore: table(name, rules) },
      { send: [...everyWay(mixedProbes), ...flows.slice(-12)] },
      ...traffic,
      { send: [halfOpen] },
    ],
  };
}

const classes = ['--cgroup 0', '! --cgroup 0', '--cgroup 7', '! --cgroup 7', '--path ""', '! --path ""'].map(
  (one) => `-m cgroup ${one}`,
);

export const ownerCases = [
  local('owner in OUTPUT', 'OUTPUT', owners),
  local('owner in POSTROUTING', 'POSTROUTING', owners, 'mangle'),
];
export const cgroupCases = [
  local('cgroup in OUTPUT', 'OUTPUT', classes),
  local('cgroup in INPUT', 'INPUT', classes),
  local('cgroup in POSTROUTING', 'POSTROUTING', classes, 'mangle'),
];
export const socketCases = [
  local(
    'socket in INPUT',
    'INPUT',
    ['', '--transparent', '--nowildcard', '--restore-skmark'].map((one) => `-m socket ${one}`),
  ),
];
