import type { Names } from '../extension.ts';
import { dottedQuad, listedAddress } from '../text/address.ts';
import { noNames } from '../text/no-names.ts';
import { ipv4Of } from './address.ts';
import { type ConntrackInfo, conntrackFlag, endpoints } from './info.ts';
import { statesText } from './state.ts';
import { statusText } from './status.ts';

/** Its options as iptables prints them (libxt_conntrack.c, conntrack_dump): bare in `-L`, with `--` in `-S`. */
export function conntrackText(
  info: ConntrackInfo,
  prefix: '' | '--',
  numeric: boolean,
  names: Names = noNames,
): string {
  let text = '';
  const option = (flag: number, name: string, value: string): void => {
    if ((info.matchFlags & flag) === 0) return;
    const inverted = (info.invertFlags & flag) !== 0;
    text += `${inverted ? ' !' : ''} ${prefix}${name}${value}`;
  };

  option(conntrackFlag.state, isStateAlias(info) ? 'state' : 'ctstate', statesText(info.states));
  option(conntrackFlag.protocol, 'ctproto', ` ${info.protocol}`);
  for (const end of endpoints) option(conntrackFlag[end], `ct${end}`, ` ${addressText(info, end, numeric, names)}`);
  text += portsText(info, prefix);
  option(conntrackFlag.status, 'ctstatus', statusText(info.statuses));
  option(conntrackFlag.expires, 'ctexpire', ` ${rangeText(info.expires.min, info.expires.max)}`);
  if ((info.matchFlags & conntrackFlag.direction) !== 0) {
    const reply = (info.invertFlags & conntrackFlag.direction) !== 0;
    text += ` ${prefix}ctdir ${reply ? 'REPLY' : 'ORIGINAL'}`;
  }
  return text;
}

/** Written as `-m state`. */
export function isStateAlias(info: ConntrackInfo): boolean {
  return (info.matchFlags & conntrackFlag.stateAlias) !== 0;
}

/** Its port options alone. */
export function portsText(info: ConntrackInfo, prefix: '' | '--'): string {
  let text = '';
  for (const end of endpoints) {
    const flag = conntrackFlag[`${end}Port`];
    if ((info.matchFlags & flag) === 0) continue;
    const { low, high } = info.ports[end];
    const inverted = (info.invertFlags & flag) !== 0;
    text += `${inverted ? ' !' : ''} ${prefix}ct${end}port ${high === 0 ? low : rangeText(low, high)}`;
  }
  return text;
}

function rangeText(low: number, high: number): string {
  return low === high ? `${low}` : `${low}:${high}`;
}

function addressText(info: ConntrackInfo, end: (typeof endpoints)[number], numeric: boolean, names: Names): string {
  const { address, mask } = ipv4Of(info.addresses[end]);
  // Unlike -s and -d, it is the address that says "anywhere".
  if (address === 0 && !numeric) return 'anywhere';
  if (mask === 0) return `${(numeric ? undefined : names.address(address)) ?? dottedQuad(address)}/0`;
  return listedAddress(address, mask, numeric, names);
}
