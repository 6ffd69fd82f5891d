import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from "@simplewebauthn/server";
import { and, asc, eq } from "drizzle-orm";
import type { AssertionBody, Passkey, RegistrationBody } from "../../shared/api/identity.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { isUniqueViolation } from "../db/errors.ts";
import { passkeys } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

/** Passkeys of one user. */
const MAX_PASSKEYS = 20;

/** The page that asks: passkeys are bound to its host name, which is what makes them proof against phishing. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/** Undefined on a bare address, where browsers refuse WebAuthn, and without a secure context. */
export function relyingParty(host: string | undefined, secure: boolean): RelyingParty | undefined {
  const url = `${secure ? "https" : "http"}://${host ?? ""}`;
  if (host === undefined || !URL.canParse(url)) return undefined;
  const { hostname, origin } = new URL(url);
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0 || (!secure && hostname !== "localhost")) return undefined;
  return { id: hostname, origin };
}

export interface PasskeyOwner {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
}

/** For `navigator.credentials`, in its JSON form. */
export interface WebauthnOptions {
  readonly challenge: string;
  readonly [name: string]: unknown;
}

type Row = typeof passkeys.$inferSelect;

/** WebAuthn credentials, as a second factor and in place of the password. */
export class Passkeys {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  async list(userId: string): Promise<Passkey[]> {
    return (await this.#rows(userId)).map((row) => ({
      id: row.id,
      name: row.name,
      host: row.rpId,
      synced: row.backedUp,
      createdAt: row.createdAt.toISOString(),
      lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    }));
  }

  async count(userId: string, rp?: RelyingParty): Promise<number> {
    const rows = await this.#rows(userId);
    return rows.filter(({ rpId }) => rp === undefined || rpId === rp.id).length;
  }

  /** Throws `passkey.too_many`. */
  async registrationOptions(owner: PasskeyOwner, rp: RelyingParty): Promise<WebauthnOptions> {
    const rows = await this.#rows(owner.id);
    if (rows.length >= MAX_PASSKEYS) throw new FluxError("passkey.too_many", `no more than ${MAX_PASSKEYS} passkeys`);
    const options = await generateRegistrationOptions({
      rpName: "FluxVision",
      rpID: rp.id,
      userID: new Uint8Array(Buffer.from(owner.id)),
      userName: owner.username,
      userDisplayName: owner.displayName,
      attestationType: "none",
      excludeCredentials: rows.filter(({ rpId }) => rpId === rp.id).map(descriptor),
      authenticatorSelection: { residentKey: "preferred", userVerification: "preferred" },
    });
    return { ...options };
  }

  /** Throws `passkey.refused`, `passkey.exists`. */
  async register(
    userId: string,
    name: string,
    body: RegistrationBody,
    challenge: string,
    rp: RelyingParty,
  ): Promise<void> {
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: { clientExtensionResults: {}, ...body } as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      requireUserVerification: false,
    }).catch(refuse);
    if (!verified) throw refused();
    const { credential, credentialBackedUp } = registrationInfo;
    try {
      await this.#orm.insert(passkeys).values({
        id: randomUUID(),
        userId,
        credentialId: credential.id,
        publicKey: credential.publicKey,
        counter: credential.counter,
        rpId: rp.id,
        transports: (credential.transports ?? []).slice(0, 10),
        backedUp: credentialBackedUp,
        name,
        createdAt: toDate(this.#clock.utcMicros()),
      });
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new FluxError("passkey.exists", "this passkey is registered already", { cause });
    }
  }

  /** `userId`: a second factor of that user. Without: any passkey the browser has for us, which must verify its owner. */
  async assertionOptions(rp: RelyingParty, userId?: string): Promise<WebauthnOptions> {
    const own = userId === undefined ? undefined : (await this.#rows(userId)).filter(({ rpId }) => rpId === rp.id);
    const options = await generateAuthenticationOptions({
      rpID: rp.id,
      userVerification: own === undefined ? "required" : "preferred",
      ...(own === undefined ? {} : { allowCredentials: own.map(descriptor) }),
    });
    return { ...options };
  }

  /**
   * The user whose passkey signed the challenge. `requireVerification`: its owner was verified by PIN or finger too.
   * Throws `passkey.refused`: unknown, of another host, wrong signature, or a counter that went back.
   */
  async verify(
    body: AssertionBody,
    challenge: string,
    rp: RelyingParty,
    requireVerification: boolean,
  ): Promise<{ userId: string }> {
    const [row] = await this.#orm.select().from(passkeys).where(eq(passkeys.credentialId, body.id));
    if (!row || row.rpId !== rp.id) throw refused();
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: { clientExtensionResults: {}, ...body } as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: rp.origin,
      expectedRPID: rp.id,
      credential: { id: row.credentialId, publicKey: new Uint8Array(row.publicKey), counter: row.counter },
      requireUserVerification: requireVerification,
    }).catch(refuse);
    if (!verified) throw refused();
    const { newCounter, credentialBackedUp: backedUp } = authenticationInfo;
    // The counter in the condition: of two answers of a copied authenticator one comes second.
    const updated = await this.#orm
      .update(passkeys)
      .set({ counter: newCounter, backedUp, lastUsedAt: toDate(this.#clock.utcMicros()) })
      .where(and(eq(passkeys.id, row.id), eq(passkeys.counter, row.counter)))
      .returning({ id: passkeys.id });
    if (updated.length === 0) throw refused();
    return { userId: row.userId };
  }

  /** Throws `passkey.not_found`. */
  async rename(userId: string, id: string, name: string): Promise<void> {
    const own = and(eq(passkeys.id, id), eq(passkeys.userId, userId));
    const changed = await this.#orm.update(passkeys).set({ name }).where(own).returning({ id: passkeys.id });
    if (changed.length === 0) throw notFound();
  }

  /** Throws `passkey.not_found`. */
  async remove(userId: string, id: string): Promise<void> {
    const own = and(eq(passkeys.id, id), eq(passkeys.userId, userId));
    const gone = await this.#orm.delete(passkeys).where(own).returning({ id: passkeys.id });
    if (gone.length === 0) throw notFound();
  }

  async removeAll(userId: string): Promise<void> {
    await this.#orm.delete(passkeys).where(eq(passkeys.userId, userId));
  }

  #rows(userId: string): Promise<Row[]> {
    return this.#orm.select().from(passkeys).where(eq(passkeys.userId, userId)).orderBy(asc(passkeys.createdAt));
  }
}

function descriptor({ credentialId, transports }: Row): { id: string; transports: string[] } {
  return { id: credentialId, transports };
}

function refuse(cause: unknown): never {
  throw new FluxError("passkey.refused", "the passkey was not accepted", { cause });
}

function refused(): FluxError {
  return new FluxError("passkey.refused", "the passkey was not accepted");
}

function notFound(): FluxError {
  return new FluxError("passkey.not_found", "there is no such passkey");
}
