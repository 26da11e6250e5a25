/** What `bpfilter iptables -h` prints: only what this command does. */
export const help = `Usage: bpfilter iptables [-t table] -L [chain [rulenum]] [options]
       bpfilter iptables [-t table] -S [chain [rulenum]] [-v]

Shows the tables that bpfilter serves in this network namespace, as iptables-legacy 1.8.9 prints them.
To change them: bpfilter run -- iptables ...

  --list    -L [chain [rulenum]]    list the rules of a chain or of all chains
  --list-rules -S [chain [rulenum]] print them as iptables commands
  --table   -t table                filter (default), nat, mangle, raw or security
  --numeric -n                      numbers instead of names, and no name lookups
  --verbose -v                      counters and interfaces; twice: the raw table too
  --exact   -x                      counters in full
  --line-numbers                    number the rules
  --wait    -w [seconds]            accepted; there is no lock to wait for
`;
