import { eq } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Micros } from "../../shared/lib/time.ts";
import type { Orm } from "../db/database.ts";
import { users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { PasswordHasher } from "./password.ts";
import type { Principal } from "./policy.ts";
import type { Principals } from "./principals.ts";
import { LoginLimiter, RateLimited } from "./rate-limit.ts";
import type { Device, OpenSession, Sessions } from "./sessions.ts";
import { usernameKey } from "./username.ts";

export interface SignedIn {
  readonly accessToken: string;
  readonly accessExpiresAt: Micros;
  readonly session: OpenSession;
}

/** A principal and when its token ends. */
export interface VerifiedToken {
  readonly principal: Principal;
  readonly expiresAt: Micros;
}

/** Told about every attempt; the audit trail listens. */
export type LoginListener = (event: { username: string; userId: string | undefined; ip: string; ok: boolean }) => void;

export interface AuthServiceParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly tokens: AccessTokens;
  readonly sessions: Sessions;
  readonly principals: Principals;
  readonly onLogin?: LoginListener;
}

/** Signing in and out, and what a token stands for. */
export class AuthService {
  readonly #parts: AuthServiceParts;
  readonly #limiter: LoginLimiter;

  constructor(parts: AuthServiceParts) {
    this.#parts = parts;
    this.#limiter = new LoginLimiter(parts.clock);
  }

  /**
   * Throws `auth.bad_credentials` (unknown name, wrong password and disabled account look and take the same),
   * `auth.rate_limited`, `auth.busy`.
   */
  async login(username: string, password: string, device: Device): Promise<SignedIn> {
    const { orm, clock, hasher, sessions, onLogin } = this.#parts;
    const key = usernameKey(username);
    const waitMs = this.#limiter.waitMs(key, device.ip);
    if (waitMs > 0) throw new RateLimited(waitMs);
    const holdBack = this.#limiter.attempt(key, device.ip);
    if (holdBack > 0) await delay(clock, holdBack);
    const [user] = await orm.select().from(users).where(eq(users.usernameKey, key));
    const ok = await hasher.verify(password, user?.passwordHash);
    const accepted = ok && user?.enabled === true;
    onLogin?.({ username: key.slice(0, 64), userId: user?.id, ip: device.ip, ok: accepted });
    if (!user || !accepted) throw new FluxError("auth.bad_credentials", "wrong user name or password");
    this.#limiter.succeeded(key, device.ip);
    const passwordHash = hasher.needsRehash(user.passwordHash) ? await hasher.hash(password) : user.passwordHash;
    await orm
      .update(users)
      .set({ lastLoginAt: toDate(clock.utcMicros()), passwordHash })
      .where(eq(users.id, user.id));
    return this.#signedIn(await sessions.open(user.id, device));
  }

  /** After first set-up: signs the new administrator in without asking for the password again. */
  async signIn(userId: string, device: Device): Promise<SignedIn> {
    return this.#signedIn(await this.#parts.sessions.open(userId, device));
  }

  /** Throws `auth.invalid_refresh`, `auth.session_ended`. */
  async refresh(refreshToken: string, device: Device): Promise<SignedIn> {
    const session = await this.#parts.sessions.rotate(refreshToken, device);
    // A disabled user has no principal, hence gets no access token either.
    await this.#parts.principals.ofSession(session.id);
    return this.#signedIn(session);
  }

  async logout(sessionId: string): Promise<void> {
    await this.#parts.sessions.revoke(sessionId, "logout");
  }

  /** The session named by a refresh cookie. */
  sessionOfRefreshToken(refreshToken: string): string | undefined {
    return this.#parts.sessions.sessionOf(refreshToken);
  }

  /** Throws `auth.expired`, `auth.invalid_token`, `auth.session_ended`. */
  async verify(accessToken: string): Promise<VerifiedToken> {
    const { userId, sessionId, expiresAt } = await this.#parts.tokens.verify(accessToken);
    const principal = await this.#parts.principals.ofSession(sessionId);
    if (principal.userId !== userId) throw new FluxError("auth.invalid_token", "the access token is not valid");
    return { principal, expiresAt };
  }

  async #signedIn(session: OpenSession): Promise<SignedIn> {
    const { token, expiresAt } = await this.#parts.tokens.issue(session.userId, session.id);
    return { accessToken: token, accessExpiresAt: expiresAt, session };
  }
}
