import type { AssertionBody, MfaStatus, RegistrationBody, TotpSetup } from "../../shared/api/identity.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { NO_PASSWORD } from "../auth/password.ts";
import type { FactorLimiter } from "./factor-limiter.ts";
import { challengeOf, needRp } from "./factor-steps.ts";
import type { Flow } from "./flows.ts";
import type { Asker, RecentAuth } from "./recent-auth.ts";
import type { SignIn, SignInParts, Visitor } from "./sign-in.ts";

export type OwnFactorParts = Pick<SignInParts, "flows" | "devices" | "totp" | "passkeys" | "recovery"> & {
  readonly signIn: SignIn;
  readonly recent: RecentAuth;
  readonly limiter: FactorLimiter;
};

/** Codes come with a user's first factor, so that a lost phone never locks anybody out. */
interface Enrolled {
  readonly recoveryCodes?: string[];
}

/** Second factors of whoever is signed in, and proving once more who one is. Callers ask for a recent proof first. */
export class OwnFactors {
  readonly #parts: OwnFactorParts;

  constructor(parts: OwnFactorParts) {
    this.#parts = parts;
  }

  async status(userId: string): Promise<MfaStatus> {
    const { totp, passkeys, recovery, signIn } = this.#parts;
    const [required, app, list, recoveryCodesLeft] = await Promise.all([
      signIn.requiresFactor(userId),
      totp.has(userId),
      passkeys.list(userId),
      recovery.left(userId),
    ]);
    return { required, totp: app, passkeys: list, recoveryCodesLeft };
  }

  async totpStart(userId: string, username: string): Promise<TotpSetup> {
    const { flows, totp } = this.#parts;
    const secret = totp.newSecret();
    const { token } = await flows.begin("mfa-totp", userId, { secret });
    return { token, secret, uri: totp.uri(secret, username) };
  }

  /** Throws `auth.bad_code`, `auth.flow_expired`. */
  async totpConfirm(userId: string, token: string, code: string): Promise<Enrolled> {
    const { flows, totp } = this.#parts;
    const flow = ownFlow(await flows.attempt<{ secret: string }>("mfa-totp", token), userId);
    const first = await this.#hasNone(userId);
    if (!(await totp.enrol(userId, flow.data.secret, code))) {
      throw new FluxError("auth.bad_code", "the code is wrong", { field: "code" });
    }
    await flows.finish(flow.id);
    return this.#codesFor(userId, first);
  }

  /** Throws `mfa.no_totp`, `mfa.required`. */
  async totpRemove(userId: string): Promise<void> {
    const { totp, passkeys } = this.#parts;
    if (!(await totp.has(userId))) throw new FluxError("mfa.no_totp", "there is no authenticator app");
    await this.#mayLose(userId, await passkeys.count(userId));
    await totp.remove(userId);
    await this.#tidy(userId);
  }

  /** Throws `passkey.unavailable`, `passkey.too_many`. */
  async passkeyOptions(userId: string, visitor: Visitor) {
    const { flows, passkeys, signIn } = this.#parts;
    const options = await passkeys.registrationOptions(await signIn.account(userId), needRp(visitor));
    const { token } = await flows.begin("mfa-passkey", userId, { challenge: options.challenge });
    return { token, options };
  }

  /** Throws `passkey.refused`, `passkey.exists`, `auth.flow_expired`. */
  async passkeyRegister(
    userId: string,
    token: string,
    name: string,
    body: RegistrationBody,
    visitor: Visitor,
  ): Promise<Enrolled> {
    const { flows, passkeys } = this.#parts;
    const flow = ownFlow(await flows.attempt<{ challenge?: string }>("mfa-passkey", token), userId);
    await flows.finish(flow.id);
    const first = await this.#hasNone(userId);
    await passkeys.register(userId, name, body, challengeOf(flow), needRp(visitor));
    return this.#codesFor(userId, first);
  }

  /** Throws `passkey.not_found`, `mfa.required`. */
  async passkeyRemove(userId: string, id: string): Promise<void> {
    const { totp, passkeys } = this.#parts;
    const others = (await passkeys.count(userId)) - 1;
    await this.#mayLose(userId, others + Number(await totp.has(userId)));
    await passkeys.remove(userId, id);
    await this.#tidy(userId);
  }

  /** New recovery codes. Throws `mfa.none`. */
  async renewCodes(userId: string): Promise<string[]> {
    if (await this.#hasNone(userId)) throw new FluxError("mfa.none", "set a second factor up first");
    return this.#parts.recovery.renew(userId);
  }

  /** By an administrator, for who lost everything. */
  async reset(userId: string): Promise<void> {
    const { totp, passkeys, recovery } = this.#parts;
    await totp.remove(userId);
    await passkeys.removeAll(userId);
    await recovery.remove(userId);
  }

  /** How the user can prove who they are once more. */
  async proofs(userId: string, visitor: Visitor): Promise<("password" | "totp" | "passkey")[]> {
    const { totp, passkeys, signIn } = this.#parts;
    const { passwordHash } = await signIn.account(userId);
    const proofs: ("password" | "totp" | "passkey")[] = [];
    if (visitor.rp !== undefined && (await passkeys.count(userId, visitor.rp)) > 0) proofs.push("passkey");
    if (passwordHash !== NO_PASSWORD) proofs.push("password");
    if (await totp.has(userId)) proofs.push("totp");
    return proofs;
  }

  /** Throws `auth.bad_code`, `auth.rate_limited`. Answers until when it counts. */
  async proveByCode({ userId, sessionId }: Asker, code: string, visitor: Visitor): Promise<Date> {
    const { devices, totp, limiter, recent } = this.#parts;
    const deviceId = devices.deviceOf(visitor.devices, userId);
    limiter.attempt(userId, visitor.ip, deviceId);
    if (!(await totp.verify(userId, code))) {
      throw new FluxError("auth.bad_code", "the code is wrong or was used before", { field: "code" });
    }
    limiter.succeeded(userId, visitor.ip, deviceId);
    return recent.proved(sessionId);
  }

  async proofOptions({ userId, sessionId }: Asker, visitor: Visitor) {
    const { flows, passkeys } = this.#parts;
    const options = await passkeys.assertionOptions(needRp(visitor), userId);
    const { token } = await flows.begin("reauth", userId, { challenge: options.challenge, sessionId });
    return { token, options };
  }

  /** Throws `passkey.refused`, `auth.flow_expired`. Answers until when it counts. */
  async proveByPasskey(asker: Asker, token: string, body: AssertionBody, visitor: Visitor): Promise<Date> {
    const { flows, passkeys, recent } = this.#parts;
    const flow = ownFlow(await flows.attempt<{ challenge?: string; sessionId: string }>("reauth", token), asker.userId);
    await flows.finish(flow.id);
    const { userId } = await passkeys.verify(body, challengeOf(flow), needRp(visitor), false);
    if (userId !== asker.userId || flow.data.sessionId !== asker.sessionId) {
      throw new FluxError("passkey.refused", "the passkey was not accepted");
    }
    return recent.proved(asker.sessionId);
  }

  async #hasNone(userId: string): Promise<boolean> {
    const { totp, passkeys } = this.#parts;
    return !(await totp.has(userId)) && (await passkeys.count(userId)) === 0;
  }

  async #codesFor(userId: string, first: boolean): Promise<Enrolled> {
    return first ? { recoveryCodes: await this.#parts.recovery.renew(userId) } : {};
  }

  async #mayLose(userId: string, remaining: number): Promise<void> {
    if (remaining === 0 && (await this.#parts.signIn.requiresFactor(userId))) {
      throw new FluxError("mfa.required", "your role needs a second factor; set another one up first");
    }
  }

  /** Without a factor recovery codes open nothing; they go with the last one. */
  async #tidy(userId: string): Promise<void> {
    if (await this.#hasNone(userId)) await this.#parts.recovery.remove(userId);
  }
}

function ownFlow<T>(flow: Flow<T>, userId: string): Flow<T> {
  if (flow.userId !== userId) throw new FluxError("auth.flow_expired", "begin again");
  return flow;
}
