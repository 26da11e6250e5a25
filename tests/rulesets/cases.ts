import { fail2ban, recentCases } from './ban-cases.ts';
import { docker, kubeProxy } from './container-cases.ts';
import { firewalld, ufw } from './host-cases.ts';
import { openwrt } from './router-cases.ts';
import type { RulesetCase } from './ruleset-case.ts';

/** A ruleset each, with flows whose every packet and counter is told by the rules. */
export const rulesetCases: readonly RulesetCase[] = [
  ...[docker, kubeProxy, openwrt, ufw, fail2ban, firewalld].map(({ before, steps, ...rest }) => ({
    ...rest,
    steps: [...before, ...steps],
  })),
  ...recentCases,
];
