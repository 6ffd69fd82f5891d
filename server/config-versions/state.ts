import { createHmac } from "node:crypto";
import { CONFIG_SECRET, type ConfigSection, type FieldChange } from "../../shared/api/config.ts";
import { canonicalJson } from "../audit/canonical.ts";

export type ConfigValue = Readonly<Record<string, unknown>>;

/** One object of the configuration, as it is kept: without secrets. */
export interface ConfigObject {
  /** What people call it. */
  readonly label: string;
  readonly value: ConfigValue;
}

/** Objects by section and id. */
export type ConfigState = ReadonlyMap<ConfigSection, ReadonlyMap<string, ConfigObject>>;

/** In the place of a secret: tells whether it changed, and nothing else to whoever lacks the key. */
interface SecretMark {
  readonly secret: string;
}

/** `context` keeps equal secrets of two objects apart. */
export function markSecret(key: Uint8Array, context: string, secret: string | null): SecretMark | null {
  if (secret === null) return null;
  const mac = createHmac("sha256", key).update(`fluxvision config secret v1\n${context}\n${secret}`);
  return { secret: mac.digest("hex").slice(0, 16) };
}

export function isSecret(value: unknown): value is SecretMark {
  return typeof value === "object" && value !== null && typeof (value as { secret?: unknown }).secret === "string";
}

const SECRET_PARAMETER =
  /^(.*[_-])?(pass|passwd|password|pwd|user|usr|username|login|token|key|apikey|secret|auth|sig|sign|signature|session|sid)$/i;

/** An address with what looks like a credential blanked. */
export function withoutSecrets(url: string): string {
  const [before, query] = [url.split("?")[0] ?? "", url.slice((url.split("?")[0] ?? "").length + 1)];
  if (query === "") return url;
  const parameters = query.split("&").map((parameter) => {
    const [name = "", ...rest] = parameter.split("=");
    return rest.length > 0 && SECRET_PARAMETER.test(decoded(name)) ? `${name}=${CONFIG_SECRET}` : parameter;
  });
  return `${before}?${parameters.join("&")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function sameValue(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}

/** The database keeps members in an order of its own. */
const NAMES_FIRST = ["name", "username", "displayName", "group", "enabled", "url", "subUrl"];

/** What differs between two states of one object, field by field, fit for people: secrets are dots. */
export function fieldChanges(before: ConfigValue | null, after: ConfigValue | null): FieldChange[] {
  const names = [...new Set([...NAMES_FIRST, ...Object.keys(after ?? {}), ...Object.keys(before ?? {})])];
  return names.flatMap((field) => {
    const [from, to] = [before?.[field], after?.[field]];
    if (sameValue(from, to)) return [];
    // Whole objects that came or went: what is not set is no news.
    if ((before === null || after === null) && (from ?? to ?? null) === null) return [];
    return [{ field, ...(before ? { from: shown(from) } : {}), ...(after ? { to: shown(to) } : {}) }];
  });
}

function shown(value: unknown): unknown {
  return isSecret(value) ? CONFIG_SECRET : (value ?? null);
}
