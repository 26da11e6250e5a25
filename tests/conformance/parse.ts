/** What iptables' own extension tests (extensions/*.t of its source) say, one step after the other. */
export type Step = RuleStep | CommandStep;

/** A rule, to be appended to each of the chains. */
export interface RuleStep {
  readonly kind: 'rule';
  readonly line: number;
  readonly table: string;
  readonly chains: readonly string[];
  /** In words of a shell, without `-A CHAIN`. */
  readonly rule: string;
  /** What iptables-save must print behind `-A CHAIN`; nothing is asked of a rule that must be refused. */
  readonly saved: string;
  /** Whether it must be accepted. */
  readonly accepted: boolean;
}

/** A command that the rules below it need. */
export interface CommandStep {
  readonly kind: 'command';
  readonly line: number;
  /** In words of a shell; one that starts with `iptables` is about the program under test. */
  readonly command: string;
}

/** Reads a .t file. Throws for a line that can't be understood: a test left out unseen is worse than none. */
export function parseTests(text: string): readonly Step[] {
  let table = 'filter';
  let chains: readonly string[] = [];
  return text.split('\n').flatMap((raw, at): Step[] => {
    const line = at + 1;
    const content = raw.trimEnd();
    if (content === '' || content.startsWith('#')) return [];
    if (content.startsWith('*')) {
      table = content.slice(1);
      return [];
    }
    if (content.startsWith(':')) {
      chains = content.slice(1).split(',');
      return [];
    }
    if (content.startsWith('@') || content.startsWith('%'))
      return [{ kind: 'command', line, command: content.slice(1) }];
    if (chains.length === 0) throw new Error(`line ${line}: a rule before any chain`);
    return [{ kind: 'rule', line, table, chains, ...ruleOf(content, line) }];
  });
}

function ruleOf(content: string, line: number): Pick<RuleStep, 'rule' | 'saved' | 'accepted'> {
  const [rule = '', expected = '', result = '', variant] = content.split(';');
  if (variant !== undefined && variant !== 'LEGACY') throw new Error(`line ${line}: unknown variant "${variant}"`);
  if (result !== 'OK' && result !== 'FAIL') throw new Error(`line ${line}: OK or FAIL expected, found "${result}"`);
  return { rule, saved: expected === '=' ? rule : expected, accepted: result === 'OK' };
}
