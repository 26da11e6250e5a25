import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const sigaction = cFunction('sigaction', ['int', 'void *', 'void *']);

/** Room for libc's struct sigaction (152 bytes); its first member is the handler. */
const SIGACTION_SIZE = 256;
const SIG_DFL = 0n;
const SIG_IGN = 1n;

/** Node ignores SIGPIPE and SIGXFSZ from its start on; an ignored signal stays ignored across exec. */
export const ignoredByNode: readonly number[] = [13, 25];

/** Sets what the whole process does on a signal, by number. EINVAL: SIGKILL, SIGSTOP or no signal. */
export function setDisposition(signal: number, disposition: 'default' | 'ignore'): void {
  const action = Buffer.alloc(SIGACTION_SIZE);
  action.writeBigUInt64LE(disposition === 'ignore' ? SIG_IGN : SIG_DFL, 0);
  check(sigaction()(signal, action, null), 'sigaction', `signal ${signal}`);
}
