import { randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { and, desc, eq, isNull } from "drizzle-orm";
import type { ApiToken, CreatedToken, CreateToken } from "../../shared/api/tokens.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { micros } from "../../shared/lib/time.ts";
import type { VerifiedToken } from "../auth/auth-service.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { apiTokens, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { Buckets } from "./buckets.ts";
import { FreshCache } from "./fresh-cache.ts";
import { LastUse } from "./last-use.ts";
import { actionsOf, type CredentialSource } from "./limit.ts";
import { checkedNetworks, isAdmitted } from "./networks.ts";
import type { TokenOwners } from "./owners.ts";
import { createToken, hashOfToken, TOKEN_PREFIX } from "./token-text.ts";

type Row = typeof apiTokens.$inferSelect;

const DAY_MS = 86_400_000;
const DEFAULT_RATE = 600;
const MAX_PER_OWNER = 100;
/** Unknown tokens per minute and address that are still looked up. */
const UNKNOWN_PER_MINUTE = 60;

export interface ApiTokensParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly owners: TokenOwners;
  /** Who the credential acts for now: the owner's rights within the token's. */
  readonly principalOf: (credentialId: string) => Promise<Principal>;
  /** Told after the database has it: what runs with the credential ends. */
  readonly onEnded: (credentialId: string, code: string) => void;
}

/** `api_tokens`: made, listed, revoked, and looked at with every request that carries one. */
export class ApiTokens {
  readonly #parts: ApiTokensParts;
  readonly #byHash: FreshCache<Row>;
  readonly #buckets: Buckets;
  readonly #lastUse: LastUse;

  constructor(parts: ApiTokensParts) {
    const { orm, clock, log } = parts;
    this.#parts = parts;
    this.#byHash = new FreshCache(clock, async (hex) => {
      const hash = new Uint8Array(Buffer.from(hex, "hex"));
      const [row] = await orm.select().from(apiTokens).where(eq(apiTokens.tokenHash, hash));
      return row;
    });
    this.#buckets = new Buckets(clock);
    this.#lastUse = new LastUse(clock, log, (id, lastUsedAt, lastUsedIp) =>
      orm.update(apiTokens).set({ lastUsedAt, lastUsedIp }).where(eq(apiTokens.id, id)),
    );
  }

  /** Whether the text claims to be one of these tokens, and not a session's. */
  accepts(text: string): boolean {
    return text.startsWith(TOKEN_PREFIX);
  }

  /**
   * Throws `auth.invalid_token` (unknown and revoked look the same), `auth.expired`, `auth.network_refused`,
   * `auth.rate_limited`, and what the owner's account says (`auth.session_ended`).
   */
  async verify(text: string, ip: string): Promise<VerifiedToken> {
    const hash = hashOfToken(text);
    if (hash === undefined) throw invalid();
    // What has no address (WebTransport) has no bucket: one for all strangers would shut out those who hold a good token.
    // There, the places for strangers are few.
    const stranger = isIP(ip) === 0 ? undefined : `ip ${ip}`;
    if (stranger !== undefined) this.#buckets.look(stranger, UNKNOWN_PER_MINUTE);
    const row = await this.#byHash.get(Buffer.from(hash).toString("hex"));
    if (row === undefined || row.revokedAt !== null) {
      if (stranger !== undefined) this.#buckets.take(stranger, UNKNOWN_PER_MINUTE);
      throw invalid();
    }
    if (row.expiresAt <= toDate(this.#parts.clock.utcMicros())) {
      throw new FluxError("auth.expired", "the token has expired");
    }
    if (!isAdmitted(ip, row.networks)) {
      throw new FluxError("auth.network_refused", "the token may not be used from this address");
    }
    this.#buckets.take(row.id, row.ratePerMinute);
    const principal = await this.#parts.principalOf(credentialOf(row.id));
    this.#lastUse.used(row.id, ip);
    return { principal, expiresAt: micros(row.expiresAt.getTime() * 1000) };
  }

  /** What the policy needs to know of `token:<id>`; undefined: it is not good any more. */
  readonly source: CredentialSource = async (credentialId, orm) => {
    const id = credentialId.slice("token:".length);
    const [row] = await orm.select().from(apiTokens).where(eq(apiTokens.id, id));
    if (!row || row.revokedAt !== null || row.expiresAt <= toDate(this.#parts.clock.utcMicros())) return undefined;
    const { ownerId, name, permissions, cameraIds } = row;
    const cameras = cameraIds === null ? {} : { cameraIds: new Set(cameraIds) };
    return { userId: ownerId, limit: { kind: "token", id, name, actions: actionsOf(permissions), ...cameras } };
  };

  /** One's own; all of them for whoever manages tokens and asks for all. Newest first. */
  async list(principal: Principal, all: boolean): Promise<ApiToken[]> {
    const mine = all && can(principal, "token.manage") ? undefined : eq(apiTokens.ownerId, principal.userId);
    const rows = await this.#parts.orm
      .select({ row: apiTokens, owner: { id: users.id, username: users.username, displayName: users.displayName } })
      .from(apiTokens)
      .innerJoin(users, eq(users.id, apiTokens.ownerId))
      .where(mine)
      .orderBy(desc(apiTokens.createdAt), desc(apiTokens.id));
    const now = toDate(this.#parts.clock.utcMicros());
    return rows.map(({ row, owner }) => toBody(row, owner, now));
  }

  /** Throws `token.bad_network`, `token.too_wide`, `token.bad_owner`, `token.too_many`. */
  async create(principal: Principal, input: CreateToken): Promise<CreatedToken> {
    const { orm, clock, owners } = this.#parts;
    const networks = checkedNetworks(input.networks ?? []);
    const owner = await owners.choose(principal, input.ownerId);
    const { permissions } = input;
    const cameraIds = input.cameraIds ?? null;
    await owners.requireWithin(owner.id, permissions, cameraIds);
    const open = and(eq(apiTokens.ownerId, owner.id), isNull(apiTokens.revokedAt));
    if ((await orm.$count(apiTokens, open)) >= MAX_PER_OWNER) {
      throw new FluxError("token.too_many", `an account may have ${MAX_PER_OWNER} tokens`);
    }
    const secret = createToken();
    const now = toDate(clock.utcMicros());
    const row: Row = {
      id: randomUUID(),
      ownerId: owner.id,
      name: input.name,
      tokenHash: secret.hash,
      hint: secret.hint,
      permissions: [...new Set(permissions)],
      cameraIds,
      networks,
      ratePerMinute: input.ratePerMinute ?? DEFAULT_RATE,
      createdAt: now,
      createdByName: principal.username,
      expiresAt: new Date(now.getTime() + input.days * DAY_MS),
      revokedAt: null,
      revokedByName: null,
      lastUsedAt: null,
      lastUsedIp: null,
    };
    await orm.insert(apiTokens).values(row);
    return { token: toBody(row, owner, now), secret: secret.text };
  }

  /** At once, whatever runs with it. Throws `token.not_found`, also for another's where one manages only one's own. */
  async revoke(principal: Principal, id: string): Promise<{ readonly name: string }> {
    const { orm, clock, onEnded } = this.#parts;
    const own = can(principal, "token.manage") ? undefined : eq(apiTokens.ownerId, principal.userId);
    const [row] = await orm
      .update(apiTokens)
      .set({ revokedAt: toDate(clock.utcMicros()), revokedByName: principal.username })
      .where(and(eq(apiTokens.id, id), isNull(apiTokens.revokedAt), own))
      .returning({ name: apiTokens.name });
    if (!row) throw new FluxError("token.not_found", "there is no such token");
    this.#byHash.forget();
    onEnded(credentialOf(id), "auth.session_revoked");
    return row;
  }

  close(): Promise<void> {
    return this.#lastUse.close();
  }
}

function credentialOf(id: string): string {
  return `token:${id}`;
}

function invalid(): FluxError {
  return new FluxError("auth.invalid_token", "the token is not valid");
}

function toBody(row: Row, owner: ApiToken["owner"], now: Date): ApiToken {
  const { id, name, hint, permissions, cameraIds, networks, ratePerMinute, createdByName, revokedByName } = row;
  return {
    id,
    name,
    owner,
    hint,
    permissions,
    cameraIds,
    networks,
    ratePerMinute,
    state: row.revokedAt !== null ? "revoked" : row.expiresAt <= now ? "expired" : "active",
    createdAt: row.createdAt.toISOString(),
    createdByName,
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    revokedByName,
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    lastUsedIp: row.lastUsedIp,
  };
}
