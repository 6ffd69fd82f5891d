import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { and, desc, eq, gt, inArray, isNull, lt, sql } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { authFlows } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";

export type FlowKind = "second-factor" | "enrol" | "new-password" | "oidc" | "mfa-totp" | "mfa-passkey" | "reauth";

export interface Flow<T> {
  readonly id: string;
  readonly kind: FlowKind;
  readonly userId: string | null;
  readonly data: T;
}

export interface NewFlow {
  /** `<id>.<secret>`: given to the browser, once. */
  readonly token: string;
  readonly expiresAt: Date;
}

const FLOW_MS = 10 * 60_000;
/** Guesses within one flow. */
const MAX_ATTEMPTS = 5;
/** Of one person and kind; the oldest goes for the newest, so that nobody takes another's place, nor their own for good. */
const MAX_OF_USER = 50;
/** Of people whom a provider named and who have no account yet. */
const MAX_OF_NEWCOMERS = 1000;
const TOKEN = /^([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

/**
 * Multi-step exchanges: the server remembers what it asked, and the answer counts once. Only for who has given some proof
 * already (a password, a session, a provider's word): what strangers may begin takes no row (SealedFlows).
 */
export class AuthFlows {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #sealer: FieldSealer;

  constructor(orm: Orm, clock: Clock, sealer: FieldSealer) {
    this.#orm = orm;
    this.#clock = clock;
    this.#sealer = sealer;
  }

  /** `userId`: null for somebody named by a provider who may have no account yet. */
  async begin(kind: FlowKind, userId: string | null, data: unknown): Promise<NewFlow> {
    const now = toDate(this.#clock.utcMicros());
    await this.#orm.delete(authFlows).where(lt(authFlows.expiresAt, now));
    await this.#makeRoom(kind, userId);
    const id = randomUUID();
    const secret = randomBytes(32).toString("base64url");
    const expiresAt = new Date(now.getTime() + FLOW_MS);
    const dataSealed = this.#seal(id, data);
    await this.#orm
      .insert(authFlows)
      .values({ id, kind, secretHash: hashOf(secret), userId, dataSealed, createdAt: now, expiresAt });
    return { token: `${id}.${secret}`, expiresAt };
  }

  /** Looks without counting. Throws `auth.flow_expired`. */
  async open<T>(kind: FlowKind, token: string): Promise<Flow<T>> {
    const [id, secret] = parse(token);
    const [row] = await this.#orm.select().from(authFlows).where(this.#alive(kind, id));
    return this.#read(kind, row, secret);
  }

  /** Counts one try; the sixth finds nothing. Throws `auth.flow_expired`. */
  async attempt<T>(kind: FlowKind, token: string): Promise<Flow<T>> {
    const [id, secret] = parse(token);
    const [row] = await this.#orm
      .update(authFlows)
      .set({ attempts: sql`${authFlows.attempts} + 1` })
      .where(and(this.#alive(kind, id), lt(authFlows.attempts, MAX_ATTEMPTS)))
      .returning();
    return this.#read(kind, row, secret);
  }

  async update(id: string, data: unknown): Promise<void> {
    await this.#orm
      .update(authFlows)
      .set({ dataSealed: this.#seal(id, data) })
      .where(eq(authFlows.id, id));
  }

  /** Of two that finish the same flow at once, one does. Throws `auth.flow_expired`. */
  async finish(id: string): Promise<void> {
    const gone = await this.#orm.delete(authFlows).where(eq(authFlows.id, id)).returning({ id: authFlows.id });
    if (gone.length === 0) throw expired();
  }

  async #makeRoom(kind: FlowKind, userId: string | null): Promise<void> {
    const [owner, most] =
      userId === null ? [isNull(authFlows.userId), MAX_OF_NEWCOMERS] : [eq(authFlows.userId, userId), MAX_OF_USER];
    const oldest = this.#orm
      .select({ id: authFlows.id })
      .from(authFlows)
      .where(and(owner, eq(authFlows.kind, kind)))
      .orderBy(desc(authFlows.createdAt), authFlows.id)
      .offset(most - 1);
    await this.#orm.delete(authFlows).where(inArray(authFlows.id, oldest));
  }

  #alive(kind: FlowKind, id: string) {
    const now = toDate(this.#clock.utcMicros());
    return and(eq(authFlows.id, id), eq(authFlows.kind, kind), gt(authFlows.expiresAt, now));
  }

  #read<T>(kind: FlowKind, row: typeof authFlows.$inferSelect | undefined, secret: string): Flow<T> {
    if (!row || !timingSafeEqual(row.secretHash, hashOf(secret))) throw expired();
    const data = JSON.parse(this.#sealer.open(context(row.id), row.dataSealed)) as T;
    return { id: row.id, kind, userId: row.userId, data };
  }

  #seal(id: string, data: unknown): string {
    return this.#sealer.seal(context(id), JSON.stringify(data));
  }
}

function context(id: string): string {
  return `auth_flows.data_sealed|${id}`;
}

function parse(token: string): [id: string, secret: string] {
  const [, id, secret] = TOKEN.exec(token) ?? [];
  if (id === undefined || secret === undefined) throw expired();
  return [id, secret];
}

function hashOf(secret: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(secret).digest());
}

function expired(): FluxError {
  return new FluxError("auth.flow_expired", "this sign-in took too long or was used up, begin again");
}
