import { type Errno, errno } from './errno.ts';

/** What went wrong, as a reader of the code says it; `errnoOf` turns it into a number in one place. */
export type ErrorCode =
  | 'syscall' // a system call failed; carries its own errno and call
  | 'malformed' // the caller's bytes break a rule of the interface
  | 'loop' // the chain graph has a loop or a jump to nowhere
  | 'no-such-table'
  | 'no-such-extension' // no match or target of that name
  | 'no-such-revision' // the name exists, the revision doesn't (in a replace)
  | 'revision-unsupported' // the same, answered to a revision query
  | 'extension-check' // an extension's own check refused; carries its own errno
  | 'stale' // the table changed between read and write: ask again
  | 'too-large'
  | 'not-expressible' // no backend can carry this rule
  | 'not-permitted'
  | 'fault' // the caller's memory can't be reached
  | 'caller-gone'
  | 'no-such-option'
  | 'state' // the state on disk can't be read, written or believed
  | 'dataplane' // nft (or bpf) is missing, refused, hung or was killed
  | 'busy' // a lock wasn't free in time, or something runs already
  | 'timeout'
  | 'driver' // the driver died, answered short or answered garbage
  | 'usage'; // the person's command line

const codeErrno: Readonly<Record<ErrorCode, Errno>> = {
  syscall: errno.EIO,
  malformed: errno.EINVAL,
  loop: errno.ELOOP,
  'no-such-table': errno.ENOENT,
  'no-such-extension': errno.ENOENT,
  'no-such-revision': errno.EPROTOTYPE,
  'revision-unsupported': errno.EPROTONOSUPPORT,
  'extension-check': errno.EINVAL,
  stale: errno.EAGAIN,
  'too-large': errno.ENOMEM,
  'not-expressible': errno.EOPNOTSUPP,
  'not-permitted': errno.EPERM,
  fault: errno.EFAULT,
  'caller-gone': errno.ESRCH,
  'no-such-option': errno.ENOPROTOOPT,
  state: errno.EIO,
  dataplane: errno.EIO,
  busy: errno.EBUSY,
  timeout: errno.ETIMEDOUT,
  driver: errno.EFAULT,
  usage: errno.EINVAL,
};

export interface ErrorDetail {
  /** An errno of its own, for `syscall` and `extension-check`. */
  readonly errno?: Errno | undefined;
  /** The system call that failed, e.g. `pidfd_open`. */
  readonly call?: string | undefined;
  readonly cause?: unknown;
}

/** The one error class: a code to act on, a message that says what was expected and what came. */
export class BpfilterError extends Error {
  override readonly name = 'BpfilterError';
  readonly code: ErrorCode;
  readonly errno: Errno | undefined;
  readonly call: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.errno = detail.errno;
    this.call = detail.call;
  }
}

/** The errno a caller is to see for any thrown value; EFAULT for what is no error of ours. */
export function errnoOf(error: unknown): Errno {
  return error instanceof BpfilterError ? (error.errno ?? codeErrno[error.code]) : errno.EFAULT;
}

/** Any thrown value for a log line: its message, and those of its causes. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${describeError(error.cause)})`;
  return `${error.message}${cause}`;
}
