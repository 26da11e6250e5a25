import type { NftCommand } from '../../rules/nft/json.ts';

/** Whether a command makes a rule with one of the kernel's own extensions in it. */
export function holdsXt(command: NftCommand): boolean {
  const object = 'add' in command ? command.add : 'insert' in command ? command.insert : undefined;
  return object !== undefined && 'rule' in object && object.rule.expr?.some((one) => 'xt' in one) === true;
}
