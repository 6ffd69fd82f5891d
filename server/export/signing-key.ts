import { eq } from "drizzle-orm";
import { type PublicJwk, publicJwk } from "../../shared/evidence/signature.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";

export interface SigningKey {
  readonly publicJwk: PublicJwk;
  readonly privateJwk: JsonWebKey;
}

const SETTING = "export.signing-key";

/** ECDSA P-256, fresh. */
export async function newSigningKey(): Promise<SigningKey> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  return toSigningKey(await crypto.subtle.exportKey("jwk", pair.privateKey));
}

/** The server's key for export packages: made at first use, kept sealed in the database, so that it outlives restarts. */
export function loadSigningKey(orm: Orm, sealer: FieldSealer, clock: Clock): Promise<SigningKey> {
  return loadKeyOf(SETTING, orm, sealer, clock);
}

/** As `loadSigningKey`, for what else is signed: `setting` names its place. */
export async function loadKeyOf(setting: string, orm: Orm, sealer: FieldSealer, clock: Clock): Promise<SigningKey> {
  const read = async (): Promise<string | undefined> => {
    const [row] = await orm.select().from(settings).where(eq(settings.name, setting));
    return row?.value;
  };
  let stored = await read();
  if (stored === undefined) {
    const value = sealer.seal(setting, JSON.stringify((await newSigningKey()).privateJwk));
    const row = { name: setting, value, updatedAt: toDate(clock.utcMicros()) };
    await orm.insert(settings).values(row).onConflictDoNothing();
    // Another server on this database may have been first.
    stored = (await read()) ?? value;
  }
  return toSigningKey(JSON.parse(sealer.open(setting, stored)) as JsonWebKey);
}

function toSigningKey(privateJwk: JsonWebKey): SigningKey {
  const { kty, crv, x, y } = privateJwk;
  return { privateJwk, publicJwk: publicJwk.parse({ kty, crv, x, y }) };
}
