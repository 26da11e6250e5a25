import type { NftExpression, NftStatement } from './json.ts';

/** The fragment offset, in units of 8 bytes (IPv4's header). */
const offset: NftExpression = { '&': [{ payload: { protocol: 'ip', field: 'frag-off' } }, 0x1fff] };

/** An unfragmented packet or a first fragment. */
export const isFirst: NftStatement = { match: { op: '==', left: offset, right: 0 } };

/** A second or further fragment. */
export const isFragment: NftStatement = { match: { op: '!=', left: offset, right: 0 } };

/** A fragment that begins 8 bytes into the transport header. */
export const isOffsetOne: NftStatement = { match: { op: '==', left: offset, right: 1 } };
