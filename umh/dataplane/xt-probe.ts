import { errnoName } from '../../protocol/errno.ts';
import { xtRequest } from '../../rules/nft/netlink/requests.ts';
import type { XtSupport } from '../../rules/nft/xt.ts';
import type { AnswerEnd, Question } from '../../sys/nfnetlink/dump.ts';

/** Asks the kernel one question, whose answer itself is of no interest. */
export type AskKernel = (question: (sequence: number) => Question) => AnswerEnd;

/**
 * Asks the kernel for each revision of an xt extension once, when a rule first needs it: asking loads the
 * kernel's module.
 */
export function probedXt(ask: AskKernel): XtSupport {
  const problems = new Map<string, string | undefined>();
  return {
    problem(kind, name, revision) {
      const key = `${kind} ${name} ${revision}`;
      if (!problems.has(key)) {
        const end = ask((sequence) => ({ bytes: xtRequest(kind, name, revision, sequence), sequence, isDump: false }));
        const reason = `the kernel has no xt ${kind} ${name} of revision ${revision} for nftables`;
        problems.set(key, end.kind === 'refused' ? `${reason} (${errnoName(end.errno)})` : undefined);
      }
      return problems.get(key);
    },
  };
}
