import { withoutCredentials } from "../core/log.ts";

/** JSON with sorted keys and no blanks: the same value always gives the same bytes. For values that `clean` let through. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value ?? null);
}

const MAX_TEXT = 2000;
const MAX_ITEMS = 200;
const MAX_DEPTH = 8;
/** An entry is a line in a book, not a store. */
export const MAX_JSON = 32_768;
export const REDACTED = "[redacted]";

const SECRET = /pass(word|phrase|code)|secret|token|credential|private|authori[sz]ation|cookie|recovery|totp|\botp\b/i;
const NOT_SECRET = /(Id|Ids|Name|Count|At|Kind|Changed|Set|Days)$/;

/** Text that PostgreSQL stores as it is: no NUL, no halves of surrogate pairs, of bounded length, no credentials in URLs. */
export function cleanText(text: string, longest = MAX_TEXT): string {
  const whole = withoutCredentials(text.slice(0, 4 * longest))
    .toWellFormed()
    .replaceAll("\u0000", "\ufffd");
  return whole.length <= longest && text.length <= longest ? whole : `${whole.slice(0, longest).toWellFormed()}…`;
}

/**
 * What may be stored of a value from outside: plain JSON that comes back from the database as it went in, bounded, with
 * whatever goes by the name of a secret blanked.
 */
export function clean(value: unknown, depth = 0, name = ""): unknown {
  if (value === null || typeof value === "boolean" || value === undefined) return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (SECRET.test(name) && !NOT_SECRET.test(name)) return REDACTED;
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array || typeof value !== "object") return `[${typeof value}]`;
  if (depth >= MAX_DEPTH) return "…";
  if (value instanceof Set || value instanceof Map) return clean([...value], depth, name);
  if (Array.isArray(value)) {
    const kept = value.slice(0, MAX_ITEMS).map((item) => clean(item, depth + 1) ?? null);
    return value.length > MAX_ITEMS ? [...kept, `… ${value.length - MAX_ITEMS} more`] : kept;
  }
  const members = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(
    members.flatMap(([key, member]) => {
      const kept = clean(member, depth + 1, key);
      return kept === undefined ? [] : [[cleanText(key, 200), kept]];
    }),
  );
}

/** As `clean`, and a note instead of what is too long altogether. */
export function cleanBounded<T>(value: T): T | { readonly truncated: true; readonly beginning: string } {
  const kept = clean(value) as T;
  const text = canonicalJson(kept);
  return text.length <= MAX_JSON ? kept : { truncated: true, beginning: cleanText(text.slice(0, MAX_TEXT)) };
}
