import { eq } from "drizzle-orm";
import type { Factor, SignInStep } from "../../shared/api/identity.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { delay } from "../../shared/lib/delay.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { AuthService, SignedIn } from "../auth/auth-service.ts";
import type { PasswordHasher } from "../auth/password.ts";
import { LoginLimiter, RateLimited } from "../auth/rate-limit.ts";
import type { Device } from "../auth/sessions.ts";
import { usernameKey } from "../auth/username.ts";
import type { Audit } from "../control/audit.ts";
import type { Orm } from "../db/database.ts";
import { users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { AuthFlows } from "./flows.ts";
import type { KnownDevices } from "./known-devices.ts";
import type { Passkeys, RelyingParty } from "./passkeys.ts";
import type { RecoveryCodes } from "./recovery-codes.ts";
import type { IdentitySettingsStore } from "./settings.ts";
import type { TotpFactor } from "./totp.ts";

/** Who is at the door. */
export interface Visitor extends Device {
  /** Cookie of devices known from earlier sign-ins. */
  readonly devices: string | undefined;
  /** Undefined where passkeys cannot work. */
  readonly rp: RelyingParty | undefined;
}

export interface SignedInResult {
  readonly kind: "session";
  readonly signedIn: SignedIn;
  /** New value of the cookie of known devices. */
  readonly devices: string;
  /** After a first enrolment: shown this once. */
  readonly recoveryCodes?: readonly string[];
}
export type SignInResult = SignedInResult | { readonly kind: "step"; readonly step: SignInStep };

export type AccountRow = typeof users.$inferSelect;

export interface SignInParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly hasher: PasswordHasher;
  readonly auth: Pick<AuthService, "signIn">;
  readonly audit: Audit;
  readonly settings: IdentitySettingsStore;
  readonly flows: AuthFlows;
  readonly devices: KnownDevices;
  readonly totp: TotpFactor;
  readonly passkeys: Passkeys;
  readonly recovery: RecoveryCodes;
  /** Ids of the user's roles, direct and through groups. */
  readonly roleIdsOf: (userId: string) => Promise<ReadonlySet<string>>;
  /** Accounts of programs: they have tokens and never sign in. */
  readonly isApiOnly: (userId: string) => Promise<boolean>;
}

/** What a flow of the second step remembers. */
export interface StepData {
  /** Proofs given so far. */
  readonly methods: readonly string[];
  /** WebAuthn challenge, when one was asked for. */
  readonly challenge?: string;
  /** TOTP secret that is being set up. */
  readonly secret?: string;
}

/** Signing in with a password, and everything that is the same for each way of signing in. */
export class SignIn {
  readonly #parts: SignInParts;
  readonly #limiter: LoginLimiter;

  constructor(parts: SignInParts) {
    this.#parts = parts;
    this.#limiter = new LoginLimiter(parts.clock);
  }

  /**
   * Throws `auth.bad_credentials` (unknown name, wrong password, disabled account and program's account look and take
   * the same), `auth.rate_limited`, `auth.busy`.
   */
  async password(username: string, password: string, visitor: Visitor): Promise<SignInResult> {
    const { clock, hasher, devices } = this.#parts;
    const key = usernameKey(username);
    const { ip } = visitor;
    // A flood without such a cookie is refused before it costs a query.
    const early = visitor.devices === undefined ? undefined : await this.#byName(key);
    const deviceId = early && devices.deviceOf(visitor.devices, early.id);
    const waitMs = this.#limiter.waitMs(key, ip, deviceId);
    if (waitMs > 0) throw new RateLimited(waitMs);
    const holdBack = this.#limiter.attempt(key, ip, deviceId);
    if (holdBack > 0) await delay(clock, holdBack);
    const user = early ?? (await this.#byName(key));
    const right = await hasher.verify(password, user?.passwordHash, { urgent: deviceId !== undefined });
    if (!user || !right || !user.enabled || (await this.#parts.isApiOnly(user.id))) {
      await this.refused(key, user?.id, ip, "password");
      throw new FluxError("auth.bad_credentials", "wrong user name or password");
    }
    this.#limiter.succeeded(key, ip, deviceId);
    if (hasher.needsRehash(user.passwordHash)) await this.#rehash(user.id, password);
    return this.afterFirst(user, ["password"], visitor);
  }

  /** The first proof is given: asks for a second factor, or for setting one up, or opens the session. */
  async afterFirst(user: AccountRow, methods: readonly string[], visitor: Visitor): Promise<SignInResult> {
    const { totp, passkeys, recovery } = this.#parts;
    const [app, keys, keysHere, codes] = await Promise.all([
      totp.has(user.id),
      passkeys.count(user.id),
      visitor.rp === undefined ? 0 : passkeys.count(user.id, visitor.rp),
      recovery.left(user.id),
    ]);
    if (app || keys > 0) {
      const factors: Factor[] = [];
      if (app) factors.push("totp");
      if (keysHere > 0) factors.push("passkey");
      if (codes > 0) factors.push("recovery");
      return this.#step("second-factor", user, methods, factors);
    }
    if (await this.requiresFactor(user.id)) {
      return this.#step("enrol", user, methods, visitor.rp === undefined ? ["totp"] : ["totp", "passkey"]);
    }
    return this.complete(user, methods, visitor);
  }

  /** Everything asked for was proved: opens the session. Throws `auth.bad_credentials` when the account was disabled. */
  async complete(user: AccountRow, methods: readonly string[], visitor: Visitor): Promise<SignedInResult> {
    const { orm, clock, auth, audit, devices } = this.#parts;
    const lastLoginAt = toDate(clock.utcMicros());
    const [alive] = await orm.update(users).set({ lastLoginAt }).where(eq(users.id, user.id)).returning();
    if (!alive?.enabled) throw new FluxError("auth.bad_credentials", "wrong user name or password");
    const signedIn = await auth.signIn(user.id, visitor, methods);
    await audit.add({
      action: "auth.login",
      actorId: user.id,
      actorName: user.username,
      ip: visitor.ip,
      details: { methods },
    });
    return { kind: "session", signedIn, devices: devices.remember(visitor.devices, user.id) };
  }

  /** One of the user's roles asks for a second factor. */
  async requiresFactor(userId: string): Promise<boolean> {
    const { mfaRoles } = await this.#parts.settings.get();
    if (mfaRoles.length === 0) return false;
    const roles = await this.#parts.roleIdsOf(userId);
    return mfaRoles.some((role) => roles.has(role));
  }

  /** The account that a flow belongs to. Throws `auth.flow_expired`. */
  async account(userId: string | null): Promise<AccountRow> {
    const [row] = userId === null ? [] : await this.#parts.orm.select().from(users).where(eq(users.id, userId));
    if (!row?.enabled) throw new FluxError("auth.flow_expired", "this sign-in is over, begin again");
    return row;
  }

  async refused(name: string, userId: string | undefined, ip: string, method: string): Promise<void> {
    const actor = userId === undefined ? {} : { actorId: userId };
    await this.#parts.audit.add({
      action: "auth.login_failed",
      actorName: name.slice(0, 64),
      ip,
      details: { method },
      ...actor,
    });
  }

  async #step(step: SignInStep["step"], user: AccountRow, given: readonly string[], methods: Factor[]) {
    const data: StepData = { methods: given };
    const { token, expiresAt } = await this.#parts.flows.begin(step, user.id, data);
    const { username } = user;
    const answer: SignInStep = { step, token, expiresAt: expiresAt.toISOString(), methods, username };
    return { kind: "step", step: answer } as const;
  }

  async #byName(key: string): Promise<AccountRow | undefined> {
    const [row] = await this.#parts.orm.select().from(users).where(eq(users.usernameKey, key));
    return row;
  }

  async #rehash(userId: string, password: string): Promise<void> {
    const passwordHash = await this.#parts.hasher.hash(password);
    await this.#parts.orm.update(users).set({ passwordHash }).where(eq(users.id, userId));
  }
}
