import { sha256Hex } from "./sha256.ts";

/** Of each value of the manifest, a digest: signed on their own, they tell which value was changed. */
export type FieldDigests = Readonly<Record<string, string>>;

/** 64 bits name a changed field; what is evidence is the signature over the whole manifest. */
const DIGEST_CHARACTERS = 16;
const MAX_FIELDS = 2_000_000;

/** Path of every leaf (`items.0.cameraName`) with the digest of its JSON. */
export function fieldDigests(value: unknown): FieldDigests {
  const digests: Record<string, string> = Object.create(null) as Record<string, string>;
  let left = MAX_FIELDS;
  const walk = (at: unknown, path: string): void => {
    const entries = at !== null && typeof at === "object" ? Object.entries(at) : [];
    if (entries.length > 0) {
      for (const [key, inner] of entries) walk(inner, path === "" ? key : `${path}.${key}`);
      return;
    }
    if (left-- <= 0) return;
    const text = JSON.stringify(at) ?? "null";
    digests[path] = sha256Hex(new TextEncoder().encode(`${path}=${text}`)).slice(0, DIGEST_CHARACTERS);
  };
  walk(value, "");
  return digests;
}

/** Paths whose value differs, is new, or is gone. */
export function changedFields(signed: FieldDigests, found: FieldDigests): string[] {
  const paths = new Set([...Object.keys(signed), ...Object.keys(found)]);
  return [...paths].filter((path) => signed[path] !== found[path]);
}

/** The bytes that are signed for the digests: independent of how their JSON was written. */
export function digestBytes(digests: FieldDigests): Uint8Array<ArrayBuffer> {
  const lines = Object.keys(digests)
    .sort()
    .map((path) => `${path} ${digests[path]}\n`);
  return new TextEncoder().encode(`fluxvision manifest fields v1\n${lines.join("")}`);
}
