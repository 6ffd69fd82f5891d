import { and, eq, lt } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { totpSecrets } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";

/** RFC 6238 as every authenticator app speaks it. */
const STEP_S = 30;
const DIGITS = 6;
/** Steps that a clock may be off, either way. */
const WINDOW = 1;
const ISSUER = "FluxVision";
const SECRET_BYTES = 20;

/** Authenticator apps. Secrets are sealed fields; a code is good once. */
export class TotpFactor {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #sealer: FieldSealer;

  constructor(orm: Orm, clock: Clock, sealer: FieldSealer) {
    this.#orm = orm;
    this.#clock = clock;
    this.#sealer = sealer;
  }

  /** A new secret, base32. Not kept. */
  newSecret(): string {
    return new Secret({ size: SECRET_BYTES }).base32;
  }

  /** What the QR code holds. */
  uri(secret: string, username: string): string {
    return totp(secret, username).toString();
  }

  async has(userId: string): Promise<boolean> {
    const [row] = await this.#orm
      .select({ userId: totpSecrets.userId })
      .from(totpSecrets)
      .where(eq(totpSecrets.userId, userId));
    return row !== undefined;
  }

  /** Keeps the secret in place of an earlier one when the code proves that the app has it. That code is used up. */
  async enrol(userId: string, secret: string, code: string): Promise<boolean> {
    const step = this.#stepOf(secret, code);
    if (step === undefined) return false;
    const set = {
      secretSealed: this.#sealer.seal(context(userId), secret),
      lastStep: step,
      createdAt: toDate(this.#clock.utcMicros()),
    };
    await this.#orm
      .insert(totpSecrets)
      .values({ userId, ...set })
      .onConflictDoUpdate({ target: totpSecrets.userId, set });
    return true;
  }

  /** True once per code: one that was accepted, and every earlier one, is refused from then on (RFC 6238, 5.2). */
  async verify(userId: string, code: string): Promise<boolean> {
    const [row] = await this.#orm.select().from(totpSecrets).where(eq(totpSecrets.userId, userId));
    if (!row) return false;
    const step = this.#stepOf(this.#sealer.open(context(userId), row.secretSealed), code);
    if (step === undefined) return false;
    // The condition decides between two that bring the same code at once.
    const used = await this.#orm
      .update(totpSecrets)
      .set({ lastStep: step })
      .where(and(eq(totpSecrets.userId, userId), lt(totpSecrets.lastStep, step)))
      .returning({ userId: totpSecrets.userId });
    return used.length === 1;
  }

  async remove(userId: string): Promise<boolean> {
    const gone = await this.#orm.delete(totpSecrets).where(eq(totpSecrets.userId, userId)).returning();
    return gone.length > 0;
  }

  /** The step that the code belongs to; undefined when it belongs to none in the window. */
  #stepOf(secret: string, code: string): number | undefined {
    const timestamp = this.#clock.utcMicros() / 1000;
    const delta = totp(secret, "").validate({ token: code.replace(/\s/g, ""), timestamp, window: WINDOW });
    return delta === null ? undefined : Math.floor(timestamp / 1000 / STEP_S) + delta;
  }
}

function totp(secret: string, label: string): TOTP {
  return new TOTP({
    issuer: ISSUER,
    label,
    algorithm: "SHA1",
    digits: DIGITS,
    period: STEP_S,
    secret: Secret.fromBase32(secret),
  });
}

function context(userId: string): string {
  return `totp_secrets.secret_sealed|${userId}`;
}
