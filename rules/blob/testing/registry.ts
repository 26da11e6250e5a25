import { BpfilterError } from '../../../protocol/error.ts';
import type { AnyMatch, AnyTarget, Placement } from '../../extension.ts';
import type { Found, Registry } from '../registry-interface.ts';

/** Extensions with the kernel's names, sizes and placements, whose own checks let everything pass. */
interface Stub {
  readonly revision: number;
  readonly size: number;
  readonly placement: Placement;
}

const matchStubs: Readonly<Record<string, Stub>> = {
  comment: { revision: 0, size: 256, placement: { anyFamily: true } },
  tcp: { revision: 0, size: 12, placement: { protocol: 6 } },
};
const targetStubs: Readonly<Record<string, Stub>> = {
  MARK: { revision: 2, size: 8, placement: {} },
  REJECT: { revision: 0, size: 4, placement: { table: 'filter', hooks: 0x0e } },
};

/** A registry of a few stubs, so that validation is tested without any extension's own code. */
export const stubRegistry: Registry = {
  findMatch: (name, revision) => find('match', matchStubs, name, revision) as Found<AnyMatch>,
  findTarget: (name, revision) => find('target', targetStubs, name, revision) as Found<AnyTarget>,
};

function find(
  kind: 'match' | 'target',
  stubs: Readonly<Record<string, Stub>>,
  name: string,
  revision: number,
): Found<AnyMatch | AnyTarget> {
  if (name.length >= 29) throw new BpfilterError('malformed', `${kind} name without NUL`);
  const stub = Object.hasOwn(stubs, name) ? stubs[name] : undefined;
  if (stub === undefined) throw new BpfilterError('no-such-extension', `no ${kind} ${name}`);
  if (stub.revision !== revision) {
    throw new BpfilterError(
      stub.placement.anyFamily ? 'no-such-revision' : 'no-such-extension',
      `no revision ${revision}`,
    );
  }
  const layout = { size: stub.size, decode: () => undefined, encode: () => new Uint8Array(stub.size) };
  const parts = {
    name,
    revisions: { [revision]: layout },
    placement: stub.placement,
    check: () => undefined,
    print: () => '',
    save: () => '',
    coverage: 'all' as const,
    examples: [],
  };
  const definition =
    kind === 'match'
      ? { kind, ...parts, nft: () => ({ alternatives: [[]] }), bpf: () => ({ groups: [] }) }
      : { kind, ...parts, nft: () => ({ statements: [] }) };
  return { definition, revision: layout };
}
