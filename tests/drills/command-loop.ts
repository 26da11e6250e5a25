import type { ChainModel } from '../../drills/chain-model.ts';
import type { ServedShell } from './served-shell.ts';

/** A rule that comes and goes before all others: what stands behind it moves with every change. */
export interface Decoy {
  readonly rule: string;
  present: boolean;
}

export function decoyOf(port: number): Decoy {
  return { rule: `-p tcp -m tcp --dport ${port} -j ACCEPT`, present: false };
}

/**
 * Gives commands that change the model's chain, and in between the decoy in INPUT, until `stopped`.
 * Returns every command that failed or printed something wrong; the model holds what was accepted.
 */
export async function commandLoop(
  shell: ServedShell,
  model: ChainModel,
  decoy: Decoy,
  stopped: () => boolean,
): Promise<readonly string[]> {
  const faults: string[] = [];
  for (let round = 1; !stopped(); round += 1) {
    if (round % 6 === 0) {
      const line = `iptables -w 60 ${decoy.present ? '-D INPUT' : '-I INPUT 1'} ${decoy.rule}`;
      const { status, output } = await shell.command(line);
      if (status === 0) decoy.present = !decoy.present;
      else faults.push(`command ${round}: ${line}: status ${status}: ${output}`);
      continue;
    }
    const { line, after, wrong } = model.next();
    const { status, output } = await shell.command(line);
    const fault = status === 0 ? wrong?.(output) : `status ${status}: ${output}`;
    if (fault !== undefined) faults.push(`command ${round}: ${line}: ${fault}`);
    if (status === 0) model.becomes(after);
  }
  return faults;
}
