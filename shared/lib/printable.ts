/**
 * What somebody else's device or document says, as it may be shown: one line, without control characters, without those
 * that turn the direction of text or cannot be seen, at most `limit` characters.
 */
export function printableText(text: string, limit: number): string {
  const plain = text
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  return [...plain].slice(0, limit).join("");
}
