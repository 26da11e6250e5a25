import { BpfilterError, describeError, type ErrorCode } from '../../protocol/error.ts';
import { isBpfTable } from '../../rules/nft/names.ts';
import type { Backend } from '../settings.ts';
import type { TableId } from '../table-id.ts';
import type { BpfTranslator } from './bpf-translator.ts';
import type { Translation, Translator } from './translator.ts';

export interface AutoOptions {
  readonly nft: Translator;
  readonly bpf: BpfTranslator;
  readonly backend: Backend;
  /** Why BPF can't carry anything here; undefined when it can. */
  readonly problem: () => string | undefined;
  /** A translation has taken effect, or won't. */
  readonly release: () => void;
}

/** What BPF can't carry, nests too deep for it, or isn't taken by this kernel. */
const leftToNft: ReadonlySet<ErrorCode> = new Set(['not-expressible', 'loop', 'dataplane', 'syscall']);

/**
 * Gives each table to BPF when all of it can be carried there, else to nft (`auto`), or refuses it (`bpf`); or all to
 * nft. A table moves from one to the other in one transaction, with the next change of it.
 */
export function createAutoTranslator(options: AutoOptions): Translator {
  const { nft, bpf, backend, problem, release } = options;
  const reasons = new Map<TableId, string>();

  const preferBpf = (id: TableId, byBpf: () => Translation, byNft: () => Translation): Translation => {
    if (backend === 'nft') return byNft();
    const general = problem();
    if (general === undefined) {
      try {
        const translation = byBpf();
        reasons.delete(id);
        return translation;
      } catch (error) {
        if (backend === 'bpf' || !(error instanceof BpfilterError && leftToNft.has(error.code))) throw error;
        reasons.set(id, describeError(error));
      }
    } else {
      if (backend === 'bpf') throw new BpfilterError('dataplane', `BPF alone was asked for: ${general}`);
      reasons.set(id, general);
    }
    return byNft();
  };

  return {
    ...nft,
    install: (id, view, instance) =>
      preferBpf(
        id,
        () => bpf.install(id, view, instance),
        () => nft.install(id, view, instance),
      ),
    restore(id, inForce, instance, remains) {
      if (!isBpfTable(inForce.nftTable)) return nft.restore(id, inForce, instance, remains);
      if (backend !== 'nft' && problem() === undefined) return bpf.restore(id, inForce, instance, remains);
      // what put it there can't be had any more
      const [usual] = nft.nftNames(id).own;
      const restored = nft.restore(id, { ...inForce, nftTable: usual ?? '' }, instance, 'nothing');
      if (remains === 'nothing') return restored;
      const { nftables } = nft.remove(id.family.nft, [inForce.nftTable]);
      return { ...restored, document: { nftables: [...nftables, ...restored.document.nftables] } };
    },
    change: (id, change) =>
      preferBpf(
        id,
        () => bpf.change(id, change.from, change.to),
        () => nft.change(id, change),
      ),
    rulesOf: (id, inForce) => (isBpfTable(inForce.nftTable) ? bpf.rulesOf(id, inForce) : nft.rulesOf(id, inForce)),
    tookEffect(translation, handles) {
      if (isBpfTable(translation.inForce.nftTable)) release();
      else nft.tookEffect(translation, handles);
    },
    handlesOf: (inForce) => (isBpfTable(inForce.nftTable) ? undefined : nft.handlesOf(inForce)),
    carrierOf: (id, inForce) =>
      isBpfTable(inForce.nftTable)
        ? { name: 'bpf', reason: 'all of its rules can be carried there' }
        : { name: 'nft', reason: backend === 'nft' ? 'asked for' : (reasons.get(id) ?? 'an earlier driver chose it') },
  };
}
