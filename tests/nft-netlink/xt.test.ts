import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IPT_INV_PROTO } from '../../protocol/ip-tables.ts';
import type { Rule, TableName } from '../../rules/ir.ts';
import type { NftCommand, NftStatement, NftXt } from '../../rules/nft/json.ts';
import { compileBatch } from '../../rules/nft/netlink/compile.ts';
import { sendBatch } from '../../sys/nfnetlink/batch.ts';
import { missing, titled } from '../harness/ways.ts';
import { dumpAll } from './dump.ts';
import { NetlinkNamespace } from './namespace.ts';
import { iptables, nativeRules } from './native.ts';

/** The kernel's own extensions, from the blob of its own ip_tables to nf_tables and back: nft can't load them. */

const skipped = missing('root', 'nft');

/** What a rule's extensions are. */
function extensionsOf({ header: { protocol, inverted }, matches, target }: Rule): readonly NftXt[] {
  const told =
    protocol === 0 ? {} : { protocol, ...((inverted & IPT_INV_PROTO) === 0 ? {} : { protocolInverted: true }) };
  const of = (kind: NftXt['kind'], name: string, revision: number, data: Uint8Array): NftXt => {
    return { kind, name, revision, info: Buffer.from(data).toString('hex'), ...told };
  };
  return [
    ...matches.map(({ name, revision, data }) => of('match', name, revision, data)),
    ...(target.kind === 'extension' ? [of('target', target.name, target.revision, target.data)] : []),
  ];
}

describe.skipIf(skipped !== undefined)(titled("the kernel's own extensions over netlink", skipped), () => {
  let space: NetlinkNamespace;
  beforeAll(async () => {
    space = await NetlinkNamespace.open();
  });
  afterAll(() => space.close());

  it.each<[TableName, string, string]>([
    ['filter', 'FORWARD', '-m string --algo bm --string foo'],
    ['filter', 'FORWARD', '-m string --algo kmp --icase ! --hex-string |00ff|a --from 4 --to 80'],
    ['filter', 'FORWARD', '-p tcp -m tcp --dport 80 -m string --algo bm --string x -j REJECT --reject-with tcp-reset'],
    ['filter', 'INPUT', '-m recent --set --name seen --rsource'],
    ['mangle', 'POSTROUTING', '-p udp -j CHECKSUM --checksum-fill'],
    ['mangle', 'PREROUTING', '! -p udp -j TTL --ttl-inc 3'],
  ])('-t %s -A %s %s', (table, chain, fragment) => {
    const native = space.enter(() => {
      expect(iptables(['-t', table, '-A', chain, ...fragment.split(' ')])).toBe('');
      const found = nativeRules(table).find(({ matches, target }) => matches.length > 0 || target.kind === 'extension');
      iptables(['-t', table, '-F', chain]);
      return found;
    });
    if (native === undefined) throw new Error('no such rule in the blob');
    const extensions = extensionsOf(native);
    const inTable = { family: 'ip', table } as const;
    // behind and before tests that nft would merge
    const port = (field: string): NftStatement => ({
      match: { op: '==', left: { payload: { protocol: 'th', field } }, right: 1 },
    });
    const expr = [port('sport'), ...extensions.map((xt): NftStatement => ({ xt })), port('dport')];
    const send = (...nftables: readonly NftCommand[]) => {
      const batch = compileBatch({ nftables });
      return batch.kind === 'batch' ? sendBatch(space.socket, batch.bytes) : batch.reason;
    };
    expect(
      send(
        { add: { table: { family: 'ip', name: table } } },
        { add: { chain: { ...inTable, name: 'c', ...base(chain) } } },
        { add: { rule: { ...inTable, chain: 'c', expr } } },
      ),
    ).toMatchObject({ kind: 'taken' });
    const [dumped = ''] = dumpAll(space.socket).rules;
    for (const { name, info } of extensions) {
      expect(dumped).toContain(Buffer.from(name).toString('hex'));
      expect(dumped).toContain(info);
    }
    expect(send({ delete: { table: { family: 'ip', name: table } } })).toMatchObject({ kind: 'taken' });
  });
});

function base(chain: string) {
  const hook = chain.toLowerCase() as 'forward';
  return { type: 'filter', hook, prio: 0, policy: 'accept' } as const;
}
