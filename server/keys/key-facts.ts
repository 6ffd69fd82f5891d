import { createHash } from "node:crypto";
import { inArray } from "drizzle-orm";
import { fingerprint, publicJwk } from "../../shared/evidence/signature.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { subKey } from "./aria.ts";
import type { FieldSealer } from "./field-sealer.ts";
import type { RootKey } from "./root-key.ts";

/** What may be known of the root key: enough to tell two apart, nothing to compute it from. */
export interface RootKeyFacts {
  readonly origin: RootKey["origin"];
  readonly fingerprint: string;
}

/** Of a key derived from it, shortened: says whether two servers, or a backup and a server, have the same root key. */
export function rootKeyFacts(rootKey: Uint8Array, origin: RootKey["origin"]): RootKeyFacts {
  const hex = createHash("sha256").update(subKey(rootKey, "fluxvision root key fingerprint v1")).digest("hex");
  return { origin, fingerprint: (hex.slice(0, 16).toUpperCase().match(/.{4}/g) ?? []).join("-") };
}

/** Settings that hold signing keys, and what these sign. */
const SIGNING_KEYS = {
  "auth.signing-key": "sign-in",
  "audit.signing-key": "audit",
  "export.signing-key": "export",
} as const;

export interface SigningKeyFacts {
  readonly use: (typeof SIGNING_KEYS)[keyof typeof SIGNING_KEYS];
  readonly fingerprint: string;
  readonly createdAt: string;
}

/** Signing keys that are in use, by their public halves. */
export async function signingKeyFacts(orm: Orm, sealer: FieldSealer): Promise<SigningKeyFacts[]> {
  const names = Object.keys(SIGNING_KEYS) as (keyof typeof SIGNING_KEYS)[];
  const rows = await orm.select().from(settings).where(inArray(settings.name, names));
  return rows
    .map(({ name, value, updatedAt }) => {
      const { kty, crv, x, y } = JSON.parse(sealer.open(name, value)) as Record<string, unknown>;
      const use = SIGNING_KEYS[name as keyof typeof SIGNING_KEYS];
      return { use, fingerprint: fingerprint(publicJwk.parse({ kty, crv, x, y })), createdAt: updatedAt.toISOString() };
    })
    .sort((a, b) => (a.use < b.use ? -1 : 1));
}
