import { dottedQuad } from '../text/address.ts';
import { type NatRange, natFlag } from './nat-range.ts';

/** How a target's option is written: its name in the text, what stands before the flags, and whether ":" stays. */
export interface NatOption {
  readonly range: string;
  readonly flag: '' | '--';
  /** The ":" of a range without addresses is left out (--to-ports). */
  readonly onlyPorts?: boolean;
}

/** A range and its flags as iptables writes them, with leading space (libxt_NAT.c, __NAT_print). */
export function natText(info: NatRange, { range, flag, onlyPorts = false }: NatOption): string {
  const text = rangeText(info);
  const shown = onlyPorts && text.startsWith(':') ? text.slice(1) : text;
  const flags = [
    { bit: natFlag.PROTO_RANDOM, name: 'random' },
    { bit: natFlag.PROTO_RANDOM_FULLY, name: 'random-fully' },
    { bit: natFlag.PERSISTENT, name: 'persistent' },
  ];
  return [
    text === '' ? '' : ` ${range}${shown}`,
    ...flags.map(({ bit, name }) => ((info.flags & bit) === 0 ? '' : ` ${flag}${name}`)),
  ].join('');
}

/** `10.0.0.1-10.0.0.9:1000-2000/500`, of what the flags say there is (sprint_range). */
function rangeText({ flags, minAddress, maxAddress, minPort, maxPort, basePort }: NatRange): string {
  const addresses = [
    dottedQuad(minAddress[0]),
    ...(minAddress.some((word, at) => word !== maxAddress[at]) ? [dottedQuad(maxAddress[0])] : []),
  ];
  const ports = [
    `:${minPort}${maxPort === minPort ? '' : `-${maxPort}`}`,
    (flags & natFlag.PROTO_OFFSET) === 0 ? '' : `/${basePort}`,
  ];
  return [
    (flags & natFlag.MAP_IPS) === 0 ? '' : addresses.join('-'),
    (flags & natFlag.PROTO_SPECIFIED) === 0 ? '' : ports.join(''),
  ].join('');
}
