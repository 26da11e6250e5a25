import { check } from './fail.ts';
import { cFunction } from './koffi.ts';

const prlimit = cFunction('prlimit', ['int', 'int', 'void *', 'void *']);

/** include/uapi/asm-generic/resource.h */
const RLIMIT_NOFILE = 7;
const RLIM_INFINITY = 0xffffffffffffffffn;

/** A limit in descriptors; Infinity where there is none. */
export interface ResourceLimit {
  readonly soft: number;
  readonly hard: number;
}

function fromRlim(value: bigint): number {
  return value === RLIM_INFINITY ? Number.POSITIVE_INFINITY : Number(value);
}

/** The limit of open descriptors of this process. Node raises the soft one to the hard one at start. */
export function getNofile(): ResourceLimit {
  const limit = Buffer.alloc(16);
  check(prlimit()(0, RLIMIT_NOFILE, null, limit), 'prlimit', 'RLIMIT_NOFILE');
  return { soft: fromRlim(limit.readBigUInt64LE(0)), hard: fromRlim(limit.readBigUInt64LE(8)) };
}

/** Sets the soft limit of this process, and so of children started after. EINVAL above the hard one. */
export function setSoftNofile(soft: number): void {
  const limit = Buffer.alloc(16);
  check(prlimit()(0, RLIMIT_NOFILE, null, limit), 'prlimit', 'RLIMIT_NOFILE');
  limit.writeBigUInt64LE(soft === Number.POSITIVE_INFINITY ? RLIM_INFINITY : BigInt(soft), 0);
  check(prlimit()(0, RLIMIT_NOFILE, limit, null), 'prlimit', `RLIMIT_NOFILE ${soft}`);
}
