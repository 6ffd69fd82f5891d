/** Without what would move a terminal's cursor, colour its text or ring its bell: control characters become blanks. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
