import { eq } from "drizzle-orm";
import {
  type CryptoKey,
  calculateJwkThumbprint,
  errors,
  exportJWK,
  generateKeyPair,
  importJWK,
  type JWK,
  jwtVerify,
  SignJWT,
} from "jose";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { type Micros, micros } from "../../shared/lib/time.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";

export const ACCESS_TOKEN_SECONDS = 15 * 60;
const ISSUER = "fluxvision";
const AUDIENCE = "fluxvision-api";
const SETTING = "auth.signing-key";

export interface AccessClaims {
  readonly userId: string;
  readonly sessionId: string;
  readonly expiresAt: Micros;
}

/** ES256 access tokens. The key pair lives in the database, sealed, so that tokens survive a restart. */
export class AccessTokens {
  readonly #clock: Clock;
  readonly #privateKey: CryptoKey;
  readonly #publicKey: CryptoKey;
  readonly #publicJwk: JWK;

  private constructor(clock: Clock, privateKey: CryptoKey, publicKey: CryptoKey, publicJwk: JWK) {
    this.#clock = clock;
    this.#privateKey = privateKey;
    this.#publicKey = publicKey;
    this.#publicJwk = publicJwk;
  }

  /** Loads the signing key; makes it on the first start. */
  static async open(orm: Orm, sealer: FieldSealer, clock: Clock): Promise<AccessTokens> {
    const stored = (await readSetting(orm)) ?? (await createSetting(orm, sealer, clock));
    const jwk = JSON.parse(sealer.open(SETTING, stored)) as JWK;
    const { d: _private, ...publicPart } = jwk;
    const publicJwk: JWK = { ...publicPart, kid: await calculateJwkThumbprint(publicPart), alg: "ES256", use: "sig" };
    return new AccessTokens(
      clock,
      (await importJWK(jwk, "ES256")) as CryptoKey,
      (await importJWK(publicPart, "ES256")) as CryptoKey,
      publicJwk,
    );
  }

  /** Body of /.well-known/jwks.json. */
  get jwks(): { keys: JWK[] } {
    return { keys: [this.#publicJwk] };
  }

  async issue(userId: string, sessionId: string): Promise<{ token: string; expiresAt: Micros }> {
    const now = Math.floor(this.#clock.utcMicros() / 1_000_000);
    const expires = now + ACCESS_TOKEN_SECONDS;
    const token = await new SignJWT({ sid: sessionId })
      .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: this.#publicJwk.kid ?? "" })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(userId)
      .setIssuedAt(now)
      .setExpirationTime(expires)
      .sign(this.#privateKey);
    return { token, expiresAt: micros(expires * 1_000_000) };
  }

  /** Throws `auth.expired` or `auth.invalid_token`. */
  async verify(token: string): Promise<AccessClaims> {
    try {
      const { payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: ["ES256"],
        issuer: ISSUER,
        audience: AUDIENCE,
        typ: "at+jwt",
        requiredClaims: ["sub", "sid", "exp"],
        currentDate: toDate(this.#clock.utcMicros()),
      });
      const { sub, sid, exp } = payload;
      if (sub === undefined || exp === undefined || typeof sid !== "string") throw new errors.JWTInvalid("claims");
      return { userId: sub, sessionId: sid, expiresAt: micros(exp * 1_000_000) };
    } catch (cause) {
      if (cause instanceof errors.JWTExpired) throw new FluxError("auth.expired", "the access token has expired");
      throw new FluxError("auth.invalid_token", "the access token is not valid");
    }
  }
}

async function readSetting(orm: Orm): Promise<string | undefined> {
  const [row] = await orm.select().from(settings).where(eq(settings.name, SETTING));
  return row?.value;
}

async function createSetting(orm: Orm, sealer: FieldSealer, clock: Clock): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const value = sealer.seal(SETTING, JSON.stringify(await exportJWK(privateKey)));
  await orm
    .insert(settings)
    .values({ name: SETTING, value, updatedAt: toDate(clock.utcMicros()) })
    .onConflictDoNothing();
  return (await readSetting(orm)) ?? value; // Another server may have been first.
}
