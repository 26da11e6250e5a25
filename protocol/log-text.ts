/** Control and format characters (ends of lines, escape sequences, marks that turn the direction of writing). */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const unseenButLines = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/**
 * A record's text on one line: what comes from a caller (names of processes, tables, chains, extensions) or from nft
 * can neither forge a second record nor drive the terminal that a log is read on.
 */
export function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*\r?\n\s*/g, ' | ')
    .replace(unseen, escaped);
}

/** The same for text of several lines, which is shown to a person. */
export function harmless(text: string): string {
  return text.replace(unseenButLines, escaped);
}
