import type { NftStatement } from '../nft/json.ts';

/**
 * Only whole packets and first fragments, the test that every kernel match on a transport header makes
 * by itself (par->fragoff). It is needed even where the rule loads ports: nft's loads from the transport
 * header read later fragments too, whose bytes are data (measured on 6.18, prerouting, before anything
 * defragments). The field is IPv4's; masked, so nft leaves it in its place (see nft/pin.ts).
 */
export const firstFragment: NftStatement = {
  match: { op: '==', left: { '&': [{ payload: { protocol: 'ip', field: 'frag-off' } }, 0x1fff] }, right: 0 },
};
