/** A text as `iptables -S` writes it, behind a space: quoted unless it is of plain characters (libxtables, xtables_save_string). */
export function savedString(text: string): string {
  return /^[\w-]+$/.test(text) ? ` ${text}` : ` "${text.replace(/["\\']/g, '\\$&')}"`;
}
