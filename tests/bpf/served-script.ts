import { bpfilter, missing, runCommand, withFolder } from '../harness/ways.ts';

/** Why scripts can't be compared here; undefined where they can. */
export const scriptReason = missing('root', 'build', 'netlink', 'nft', 'iptables-legacy', 'kernel ip_tables');

/** What a shell script prints in a fresh network namespace: by the kernel's ip_tables, or where BPF carries what it can. */
export function outputOf(script: string, way: 'natively' | 'by BPF'): string {
  const served = way === 'natively' ? [] : [bpfilter, 'run', '--backend', 'auto', '--'];
  return withFolder((folder) => {
    const { status, stdout, stderr } = runCommand(['unshare', '-n', ...served, 'sh', '-euc', script], { folder });
    if (status !== 0) throw new Error(`${way}: status ${status}: ${stderr}`);
    return stdout;
  });
}
