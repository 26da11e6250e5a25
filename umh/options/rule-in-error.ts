import { BpfilterError } from '../../protocol/error.ts';
import type { BlobView } from '../../rules/blob/view.ts';
import { ruleText } from '../../rules/text/spec.ts';

/** How errors about a rule begin (`ruleName` in rules/nft/plan.ts): its number in the chain counts from 1. */
const PLACE = /rule (\d+) of chain (\S+?):/;

function textAt(view: BlobView, message: string): string | undefined {
  const [, number, name] = PLACE.exec(message) ?? [];
  const chain = view.chains.find((one) => one.name === name);
  if (number === undefined || chain === undefined) return undefined;
  try {
    return ruleText(view.rule(chain.first + Number(number) - 1), chain.name, view.table);
  } catch {
    // What can't be said can't be said: the place must do.
    return undefined;
  }
}

/** The same error, with the rule it is about as a person would type it. */
export function withRuleText(view: BlobView, error: unknown): unknown {
  if (!(error instanceof BpfilterError)) return error;
  const text = textAt(view, error.message);
  if (text === undefined) return error;
  const { code, errno, call } = error;
  return new BpfilterError(code, `${error.message} [${text}]`, { errno, call, cause: error.cause });
}
