import { array, be32, bytes, defineStruct, u64 } from '../../protocol/struct.ts';
import { cannotExpress, defineTarget, refuse } from '../extension.ts';
import { cText } from '../names/c-string.ts';
import { structRevision } from '../struct-revision.ts';
import { dottedQuad } from '../text/address.ts';

const IFNAMSIZ = 16;
const xt_tee_tginfo = defineStruct('xt_tee_tginfo', 'linux/netfilter/xt_TEE.h', {
  gw: array(be32, 4),
  oif: bytes(IFNAMSIZ),
  /** The kernel's own. */
  priv: u64,
});

/** As in the struct: `gw` has room for IPv6, `oif` ends at the first NUL. */
export type TeeInfo = ReturnType<typeof xt_tee_tginfo.read>;

/** TEE, revision 1 (net/netfilter/xt_TEE.c; libxt_TEE.c): sends a copy by way of a gateway, and goes on. */
export const tee = defineTarget<TeeInfo>({
  name: 'TEE',
  revisions: { 1: structRevision(xt_tee_tginfo) },
  coverage: { partly: ['--oif: nft keeps the number that an interface had when the rule was made, not its name'] },
  examples: ['-j TEE --gateway {address}', '-j TEE --gateway {address} --oif {interface}'],
  placement: {},
  check({ gw, oif }) {
    if (gw.every((word) => word === 0)) refuse('TEE: wants a gateway');
    if (oif[0] !== 0 && oif[IFNAMSIZ - 1] !== 0) refuse(`TEE: the interface's name isn't NUL-terminated`);
  },
  print({ gw: [gateway], oif }, { numeric, names }) {
    const name = numeric ? undefined : names.address(gateway);
    const device = cText(oif);
    return ` TEE gw:${name ?? dottedQuad(gateway)}${device === '' ? '' : ` oif=${device}`}`;
  },
  save({ gw: [gateway], oif }) {
    const device = cText(oif);
    return ` --gateway ${dottedQuad(gateway)}${device === '' ? '' : ` --oif ${device}`}`;
  },
  nft({ gw: [gateway], oif }) {
    if (oif[0] !== 0) cannotExpress("TEE: nft's dup takes the number of an interface, which may get another name");
    return { statements: [{ dup: { addr: dottedQuad(gateway) } }] };
  },
});
