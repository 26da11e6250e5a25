import { IFNAMSIZ, IPT_INV_VIA_IN, IPT_INV_VIA_OUT } from '../../protocol/ip-tables.ts';
import type { HeaderMatch, InterfaceMatch } from '../ir.ts';

/** The two interface columns of `iptables -L -v` (xshared.c, print_ifaces). */
export function interfaceColumns(header: HeaderMatch, numeric: boolean): string {
  const any = numeric ? '*' : 'any';
  const { inInterface, outInterface, inverted } = header;
  const incoming = listed(inInterface.name, outInterface.name, (inverted & IPT_INV_VIA_IN) !== 0, any);
  const outgoing = listed(outInterface.name, inInterface.mask, (inverted & IPT_INV_VIA_OUT) !== 0, any);
  return ` ${incoming.padEnd(6)} ${outgoing.padEnd(6)} `;
}

/** An interface as `iptables -S` writes it, ` -i eth+`; "" when any will do (xshared.c, save_iface). */
export function savedInterface(option: '-i' | '-o', { name, mask }: InterfaceMatch, inverted: boolean): string {
  if ((mask[0] ?? 0) === 0) return '';
  let end = mask.indexOf(0);
  if (end === -1) end = IFNAMSIZ;
  const text = latin1(name.subarray(0, end)).replaceAll('\0', '');
  const wildcard = end < IFNAMSIZ && name[end - 1] !== 0 ? '+' : '';
  return `${inverted ? ' !' : ''} ${option} ${text}${wildcard}`;
}

/** Up to the NUL: a name that fills its room runs on into the field behind it, as in C. */
function nameText(name: Uint8Array, next: Uint8Array): string {
  if (name[0] === 0) return '';
  const text = latin1(name) + latin1(next);
  const end = text.indexOf('\0');
  return end === -1 ? text : text.slice(0, end);
}

function listed(name: Uint8Array, next: Uint8Array, inverted: boolean, any: string): string {
  const text = `${inverted ? '!' : ''}${nameText(name, next) || any}`;
  return text.slice(0, IFNAMSIZ + 1);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
