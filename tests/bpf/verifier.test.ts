import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '../../rules/bpf/encode.ts';
import { fieldSlots } from '../../rules/bpf/field-slots.ts';
import { machine } from '../../rules/bpf/machine.ts';
import { type MachineOptions, machineMaps } from '../../rules/bpf/machine-frame.ts';
import {
  actions,
  COUNTER_SIZE,
  FIELD_SLOTS,
  type Field,
  fields,
  HEADER_SIZE,
  type LookAction,
  type MemoryField,
  memoryFields,
  PADDING_SIZE,
  type RareField,
  RECORD_SIZE,
} from '../../rules/bpf/record.ts';
import { BPF_MAP_TYPE_ARRAY, createMap } from '../../sys/bpf/map.ts';
import { BPF_PROG_TYPE_SOCKET_FILTER, loadProgram } from '../../sys/bpf/program.ts';
import { verifiedInstructions } from '../../sys/bpf/testing/verified.ts';
import { closeFd } from '../../sys/descriptor.ts';
import { readKernelOffsets } from '../../umh/dataplane/bpf/kernel-offsets.ts';
import { type Random, randomFrom } from '../harness/random.ts';
import { titled } from '../harness/ways.ts';
import { bpfMissing } from './loaded.ts';

/** What tables may ask for together is up to whoever writes them: the verifier must come to an end with all of it, and soon. */
const rare: Readonly<Record<Exclude<RareField, MemoryField>, true>> = {
  ...{ macStart: true, macRest: true, processor: true, inGroup: true, ahSpi: true, dccpType: true, tcpNotices: true },
  ...{ registerA: true, registerX: true, wholeLength: true, frameProtocol: true, queue: true, receiveHash: true },
  ...{ vlanTag: true, vlanThere: true, vlanProtocol: true, realm: true, interfaceIndex: true, deviceType: true },
  ...{ ownerKind: true, ownerUser: true, ownerGroup: true, credentialStart: true, credentialRest: true },
  ...{ seconds: true, daySeconds: true, weekday: true, monthday: true, monthdayBefore: true },
  ...{ ctProtocol: true, ctDirection: true, ctExpires: true },
  ...{ ctOriginalSource: true, ctOriginalSourcePort: true, ctOriginalDestination: true },
  ...{ ctOriginalDestinationPort: true, ctReplySource: true, ctReplySourcePort: true },
  ...{ ctReplyDestination: true, ctReplyDestinationPort: true },
};
const conntrackAsks = (field: Field) => field.startsWith('ct') || field.startsWith('conn');
const rareFields = Object.keys(rare) as (keyof typeof rare)[];
const everyField: readonly Field[] = [
  ...(Object.keys(fields) as (keyof typeof fields)[]),
  ...rareFields,
  ...memoryFields,
];
const everyLook = (Object.keys(actions) as (keyof typeof actions)[]).filter(
  (action): action is LookAction => actions[action] >= actions.random,
);

/** What looks read and write themselves. */
const ofLooks: readonly Field[] = ['registerA', 'registerX', 'credentialStart', 'credentialRest'];

/** The verifier gives up at a million: so four fifths are left. */
const mostVerified = 200_000;

const counters = { counters: 64, processors: 2 };
const size = HEADER_SIZE + 100 * RECORD_SIZE + PADDING_SIZE;
const device = Buffer.from('eth0'.padEnd(16, '\0'));

type Asked = Pick<MachineOptions, 'hook' | 'inNames' | 'outNames' | 'lookups' | 'jumps' | 'twelveBytes' | 'device'> & {
  readonly wanted: readonly Field[];
  readonly looks: readonly LookAction[];
};

const all = { hook: 1, inNames: true, outNames: true, lookups: true, jumps: true, twelveBytes: true } as const;

/** As many of them as there is room for. */
function asManyAsFit(wanted: readonly Field[]): ReturnType<typeof fieldSlots> {
  for (let count = Math.min(wanted.length, FIELD_SLOTS); ; count -= 1) {
    try {
      return fieldSlots(wanted.slice(0, count));
    } catch (error) {
      if (count === 0) throw error;
    }
  }
}

function shuffled<Value>(random: Random, values: readonly Value[]): readonly Value[] {
  return values
    .map((value) => [random(1 << 30), value] as const)
    .sort(([one], [other]) => one - other)
    .map(([, value]) => value);
}

function randomAsked(seed: number): Asked {
  const random = randomFrom(seed);
  const share = random(101);
  const chance = (percent: number) => random(100) < percent;
  const count = ofLooks.length + 1 + random(FIELD_SLOTS - ofLooks.length);
  return {
    hook: random(5),
    ...{ inNames: chance(50), outNames: chance(50), lookups: chance(70), jumps: chance(70), twelveBytes: chance(50) },
    ...(chance(30) ? { device } : {}),
    wanted: [...new Set([...ofLooks, 'memory0', ...shuffled(random, everyField)] as const)].slice(0, count),
    looks: everyLook.filter(() => chance(share)),
  };
}

describe.skipIf(bpfMissing !== undefined)(
  titled('whatever a table asks for, the verifier ends soon', bpfMissing),
  () => {
    const maps: number[] = [];
    const mapOf = (valueSize: number, name: string) => {
      const fd = createMap({ type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize, maxEntries: 1, name });
      maps.push(fd);
      return fd;
    };
    let symbols: Parameters<typeof assemble>[1];
    let offsets: ReturnType<typeof readKernelOffsets>;
    beforeAll(() => {
      // has the kernel load connection tracking, where that is a module
      spawnSync('unshare', ['-n', 'nft', 'add table ip t; add chain ip t c; add rule ip t c ct state new']);
      offsets = readKernelOffsets();
      const slices = counters.counters * counters.processors * COUNTER_SIZE;
      symbols = {
        maps: { [machineMaps.records]: mapOf(size, 'records'), [machineMaps.counters]: mapOf(slices, 'counters') },
      };
    });
    afterAll(() => {
      for (const fd of maps) closeFd(fd);
    });

    const verified = ({ wanted, looks, ...flags }: Asked): number => {
      const known = offsets.conntrack === undefined ? wanted.filter((field) => !conntrackAsks(field)) : wanted;
      const options: MachineOptions = {
        ...flags,
        ...counters,
        fields: asManyAsFit(known),
        looks: new Set(looks.filter((look) => offsets.conntrack !== undefined || !look.startsWith('connection'))),
        ...{ size, offsets, creditsPerTick: 32, ticksPerSecond: 250, namespace: 1n },
      };
      const program = loadProgram({
        type: BPF_PROG_TYPE_SOCKET_FILTER,
        instructions: assemble(machine(options), symbols),
        license: 'GPL',
        name: 'bpfilter_test',
      });
      try {
        return verifiedInstructions(program);
      } finally {
        closeFd(program);
      }
    };

    test.each([0, 1, 2, 3, 4])('all looks at once, with all fields in turns, hook %i', (hook) => {
      const rest = everyField.filter((field) => !ofLooks.includes(field) && field !== 'memory0');
      const room = FIELD_SLOTS - ofLooks.length - 1;
      for (let at = 0; at < rest.length; at += room) {
        const wanted = [...ofLooks, 'memory0' as const, ...rest.slice(at, at + room)];
        const asked = { ...all, hook, wanted, looks: everyLook, ...(at === 0 ? { device } : {}) };
        expect(verified(asked), wanted.join(' ')).toBeLessThan(mostVerified);
      }
    });

    test('each look by itself, and beside each other one', () => {
      for (const [at, one] of everyLook.entries())
        for (const other of everyLook.slice(at)) {
          const asked = { ...all, wanted: [...ofLooks, 'memory0', 'source'] as const, looks: [one, other] };
          expect(verified(asked), `${one}, ${other}`).toBeLessThan(mostVerified);
        }
    });

    test('forty tables by chance', () => {
      for (let seed = 1; seed <= 40; seed += 1)
        expect(verified(randomAsked(seed)), `seed ${seed}`).toBeLessThan(mostVerified);
    });
  },
);
