import type { HookNumber } from '../ir.ts';
import type { TableContext } from '../nft/context.ts';
import type { NftCommand, NftDocument, NftStatement } from '../nft/json.ts';
import { guardComment, hookChainName, markerName } from '../nft/names.ts';
import { outOfForce } from '../nft/out-of-force.ts';

/** Where the counters of a BPF table lie; the name of a chain tells it, so that it is known as long as they are. */
export interface CounterPlace {
  /** The kernel's number of the map. */
  readonly mapId: number;
  /** Of the first slot. */
  readonly firstId: number;
  /** Of each processor. */
  readonly slots: number;
}

const placePattern = /^counters_(\d+)_(\d+)_(\d+)$/;

export function counterChainName({ mapId, firstId, slots }: CounterPlace): string {
  return `counters_${mapId}_${firstId}_${slots}`;
}

/** What such a chain's name says; undefined for any other chain. */
export function parseCounterChain(name: string): CounterPlace | undefined {
  const [, mapId, firstId, slots] = placePattern.exec(name) ?? [];
  if (mapId === undefined || firstId === undefined || slots === undefined) return undefined;
  return { mapId: Number(mapId), firstId: Number(firstId), slots: Number(slots) };
}

/** struct xt_bpf_info_v1 (linux/netfilter/xt_bpf.h). */
const bpfInfo = { mode: 0, fd: 4, size: 528 } as const;
const XT_BPF_MODE_FD_ELF = 2;

/** A loaded program as the kernel's own match; it stays as long as the rule does. */
function runs(program: number): NftStatement {
  const info = Buffer.alloc(bpfInfo.size);
  info.writeUInt16LE(XT_BPF_MODE_FD_ELF, bpfInfo.mode);
  info.writeInt32LE(program, bpfInfo.fd);
  return { xt: { kind: 'match', name: 'bpf', revision: 1, info: info.toString('hex') } };
}

/** A hook of a table and the program that filters there. */
export interface BpfHook {
  readonly number: HookNumber;
  /** Its descriptor. */
  readonly program: number;
  /** Those of devices of their own, asked for in this order; the other one is for the rest. */
  readonly byDevice: readonly { readonly test: readonly NftStatement[]; readonly program: number }[];
  /** The id of the chain's policy; names the rules. */
  readonly policyId: number;
}

interface Generation {
  readonly generation: number;
  readonly instance: string;
}

export interface BpfDocumentOptions {
  readonly context: TableContext;
  readonly hooks: readonly BpfHook[];
  readonly counters: CounterPlace;
  readonly next: Generation;
  /** Connections must be tracked for it. */
  readonly tracksConnections: boolean;
  /** What goes over them must be counted for it. */
  readonly countsConnections: boolean;
  /**
   * What it replaces: the same table at its last generation, one of another name, or nothing. `gone`: counters of the
   * same table that nobody reads any more.
   */
  readonly replaces:
    | { readonly kind: 'same'; readonly last: Generation; readonly gone: readonly CounterPlace[] }
    | { readonly kind: 'other'; readonly last: Generation; readonly nftTable: string }
    | { readonly kind: 'nothing' };
}

/** Rules of a base chain for each of its programs, all with the comment of its policy's id. */
export const RULES_PER_PROGRAM = 2;

/** One transaction: the programs of the next generation come into force at all hooks at once. */
export function bpfDocument(options: BpfDocumentOptions): NftDocument {
  const { context, hooks, counters, next, replaces, tracksConnections, countsConnections } = options;
  const at = { family: context.family.nft, table: context.nftTable };
  const table = { table: { family: at.family, name: at.table } };
  const chain = (name: string) => ({ chain: { ...at, name } });
  const rule = (name: string, expr: readonly NftStatement[], comment?: string): NftCommand => ({
    add: { rule: { ...at, chain: name, ...(comment === undefined ? {} : { comment }), expr } },
  });
  const holder = counterChainName(counters);
  const chains = context.family.tables[context.table].chains;
  const named = hooks.flatMap((hook) => {
    const known = chains.find((one) => one.hook === hook.number);
    return known === undefined ? [] : [{ ...hook, name: hookChainName(known.name), nft: known.nft }];
  });
  const isNew = replaces.kind !== 'same';
  const commands: NftCommand[] = [];
  // what is left of an earlier move is in the way
  if (replaces.kind === 'other')
    commands.push(
      { add: table },
      { delete: table },
      ...outOfForce(context, replaces.nftTable, markerName(replaces.last)),
    );
  commands.push(
    isNew ? { create: table } : { delete: chain(markerName(replaces.last)) },
    { add: chain(markerName(next)) },
    { add: chain(holder) },
  );
  if (!isNew) for (const name of [holder, ...named.map((hook) => hook.name)]) commands.push({ flush: chain(name) });
  if (replaces.kind === 'same')
    for (const name of replaces.gone.map(counterChainName))
      commands.push({ flush: chain(name) }, { delete: chain(name) });
  // a table that asks no more for connections doesn't keep the kernel tracking them
  if (tracksConnections || !isNew) commands.push({ add: chain(TRACKING) }, { flush: chain(TRACKING) });
  if (tracksConnections) commands.push(rule(TRACKING, [tracked]));
  if (countsConnections) commands.push(rule(TRACKING, [someCounted]));
  if (isNew)
    for (const { name, nft } of named) {
      commands.push({
        add: { chain: { ...at, name, type: nft.type, hook: nft.hook, prio: nft.priority, policy: 'accept' } },
      });
    }
  for (const { name, program: other, byDevice, policyId } of named) {
    for (const { test, program } of [...byDevice, { test: [], program: other }]) {
      commands.push(
        // holds the program, and with it its maps, also when the table is out of force
        rule(holder, [runs(program)]),
        rule(name, [...test, runs(program), { accept: null }], guardComment(policyId)),
        rule(name, [...test, { drop: null }], guardComment(policyId)),
      );
    }
  }
  return { nftables: commands };
}

/** No hook leads to it; its rules have the kernel track connections in this namespace, and count what goes over them. */
const TRACKING = 'tracking';
const tracked: NftStatement = { match: { op: 'in', left: { ct: { key: 'state' } }, right: ['new'] } };
const someCounted: NftStatement = { match: { op: '>=', left: { ct: { key: 'packets' } }, right: 1 } };
