import { createHash } from "node:crypto";
import { and, eq } from "drizzle-orm";
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
import type { AuthFlows, Flow } from "./flows.ts";
import type { KnownDevices } from "./known-devices.ts";
import type { Passkeys, RelyingParty } from "./passkeys.ts";
import type { PasswordPolicy } from "./password-policy.ts";
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
  readonly passwordPolicy: Pick<PasswordPolicy, "check">;
  /** Ids of the user's roles, direct and through groups. */
  readonly roleIdsOf: (userId: string) => Promise<ReadonlySet<string>>;
  /** Accounts of programs: they have tokens and never sign in. */
  readonly isApiOnly: (userId: string) => Promise<boolean>;
}

/** What a flow of the second step remembers. */
export interface StepData {
  /** Proofs given so far. */
  readonly methods: readonly string[];
  /** Which password was given: one that is set meanwhile ends the sign-in. */
  readonly password?: string;
  /** WebAuthn challenge, when one was asked for. */
  readonly challenge?: string;
  /** TOTP secret that is being set up. */
  readonly secret?: string;
  /** Of a first enrolment, shown at the end of the sign-in. */
  readonly recoveryCodes?: readonly string[];
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
    const looked = visitor.devices !== undefined;
    const early = looked ? await this.#byName(key) : undefined;
    const deviceId = early && devices.deviceOf(visitor.devices, early.id);
    const waitMs = this.#limiter.waitMs(key, ip, deviceId);
    if (waitMs > 0) throw new RateLimited(waitMs);
    const holdBack = this.#limiter.attempt(key, ip, deviceId);
    if (holdBack > 0) await delay(clock, holdBack);
    // Once, whether there is such a user or not: another query would tell.
    const user = looked ? early : await this.#byName(key);
    const right = await hasher.verify(password, user?.passwordHash, { urgent: deviceId !== undefined });
    if (!user || !right || !user.enabled || (await this.#parts.isApiOnly(user.id))) {
      await this.refused(key, user?.id, ip, "password");
      throw new FluxError("auth.bad_credentials", "wrong user name or password");
    }
    this.#limiter.succeeded(key, ip, deviceId);
    const current = hasher.needsRehash(user.passwordHash) ? await this.#rehash(user, password) : user;
    return this.afterFirst(current, ["password"], visitor);
  }

  /** The first proof is given: asks for a second factor, or for setting one up, or opens the session. */
  async afterFirst(user: AccountRow, methods: readonly string[], visitor: Visitor): Promise<SignInResult> {
    await this.#requirePerson(user.id);
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

  /**
   * Everything asked for was proved: opens the session, or asks for another password where somebody else made this one.
   * Throws `auth.bad_credentials` when the account was disabled, or is a program's: whatever was proved, nobody signs in to it.
   */
  async complete(
    user: AccountRow,
    methods: readonly string[],
    visitor: Visitor,
    recoveryCodes?: readonly string[],
  ): Promise<SignInResult> {
    await this.#requirePerson(user.id);
    if (user.passwordChangeRequired && methods[0] === "password") {
      return this.#step("new-password", user, methods, [], recoveryCodes);
    }
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
    const result = { kind: "session", signedIn, devices: devices.remember(visitor.devices, user.id) } as const;
    return recoveryCodes === undefined ? result : { ...result, recoveryCodes };
  }

  /**
   * The last step where somebody else made the password. Throws `auth.password_*`, `auth.password_same`,
   * `auth.flow_expired`.
   */
  async newPassword(token: string, password: string, visitor: Visitor): Promise<SignInResult> {
    const { orm, clock, hasher, flows, audit, passwordPolicy } = this.#parts;
    const flow = await flows.open<StepData>("new-password", token);
    const { id, username, displayName, passwordHash: old } = await this.accountOf(flow);
    await passwordPolicy.check(password, { username, displayName });
    // What follows takes processor time: a few tries only.
    await flows.attempt("new-password", token);
    if (await hasher.verify(password, old)) {
      throw new FluxError("auth.password_same", "must not be the one that you were given", { field: "password" });
    }
    const passwordHash = await hasher.hash(password);
    await flows.finish(flow.id);
    const updatedAt = toDate(clock.utcMicros());
    const [changed] = await orm
      .update(users)
      .set({ passwordHash, passwordChangeRequired: false, updatedAt })
      // Not over one that was set meanwhile.
      .where(and(eq(users.id, id), eq(users.passwordHash, old)))
      .returning();
    if (!changed) throw over();
    await audit.add({ action: "user.password", actorId: id, actorName: username, ip: visitor.ip, target: id });
    return this.complete(changed, flow.data.methods, visitor, flow.data.recoveryCodes);
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
    if (!row?.enabled) throw over();
    return row;
  }

  /** The same, of a step after the password: which must still be the one that was given. Throws `auth.flow_expired`. */
  async accountOf({ userId, data }: Flow<StepData>): Promise<AccountRow> {
    const user = await this.account(userId);
    if (data.password !== undefined && data.password !== tagOf(user.passwordHash)) throw over();
    return user;
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

  async #requirePerson(userId: string): Promise<void> {
    if (await this.#parts.isApiOnly(userId)) {
      throw new FluxError("auth.bad_credentials", "wrong user name or password");
    }
  }

  async #step(
    step: SignInStep["step"],
    user: AccountRow,
    given: readonly string[],
    methods: Factor[],
    recoveryCodes?: readonly string[],
  ) {
    const data: StepData = {
      methods: given,
      ...(given[0] === "password" ? { password: tagOf(user.passwordHash) } : {}),
      ...(recoveryCodes === undefined ? {} : { recoveryCodes }),
    };
    const { token, expiresAt } = await this.#parts.flows.begin(step, user.id, data);
    const { username } = user;
    const answer: SignInStep = { step, token, expiresAt: expiresAt.toISOString(), methods, username };
    return { kind: "step", step: answer } as const;
  }

  async #byName(key: string): Promise<AccountRow | undefined> {
    const [row] = await this.#parts.orm.select().from(users).where(eq(users.usernameKey, key));
    return row;
  }

  async #rehash(user: AccountRow, password: string): Promise<AccountRow> {
    const passwordHash = await this.#parts.hasher.hash(password);
    const same = and(eq(users.id, user.id), eq(users.passwordHash, user.passwordHash));
    const [row] = await this.#parts.orm.update(users).set({ passwordHash }).where(same).returning();
    return row ?? user;
  }
}

/** Stands for a stored password; says nothing about it. */
function tagOf(passwordHash: string): string {
  return createHash("sha256").update(passwordHash).digest("base64url");
}

function over(): FluxError {
  return new FluxError("auth.flow_expired", "this sign-in is over, begin again");
}
