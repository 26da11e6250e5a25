import type { NftExpression, NftStatement } from './json.ts';

/** The fragment offset, in units of 8 bytes (IPv4's header). Masked, so nft leaves the test in its place (see pin.ts). */
const offset: NftExpression = { '&': [{ payload: { protocol: 'ip', field: 'frag-off' } }, 0x1fff] };

/**
 * An unfragmented packet or a first fragment: the test that every kernel match on a transport header
 * makes by itself (par->fragoff). It is needed even where the rule loads ports: nft's loads from the
 * transport header read later fragments too, whose bytes are data (measured on 6.18, prerouting, before
 * anything defragments).
 */
export const isFirst: NftStatement = { match: { op: '==', left: offset, right: 0 } };

/** A second or further fragment. */
export const isFragment: NftStatement = { match: { op: '!=', left: offset, right: 0 } };

/** A fragment that begins 8 bytes into the transport header. */
export const isOffsetOne: NftStatement = { match: { op: '==', left: offset, right: 1 } };
