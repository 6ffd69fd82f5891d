import type { AssertionBody, Factor, RegistrationBody, TotpSetup } from "../../shared/api/identity.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { FactorLimiter } from "./factor-limiter.ts";
import type { Flow } from "./flows.ts";
import type { RelyingParty } from "./passkeys.ts";
import type { SealedFlows } from "./sealed-flows.ts";
import type { AccountRow, SignIn, SignInParts, SignInResult, StepData, Visitor } from "./sign-in.ts";

export type FactorStepParts = Pick<SignInParts, "flows" | "devices" | "totp" | "passkeys" | "recovery" | "audit"> & {
  readonly signIn: SignIn;
  readonly limiter: FactorLimiter;
  readonly strangers: SealedFlows;
};

/** The second step of a sign-in: proving a factor, or setting the first one up where the role asks for it. */
export class FactorSteps {
  readonly #parts: FactorStepParts;

  constructor(parts: FactorStepParts) {
    this.#parts = parts;
  }

  /** Throws `auth.bad_code`, `auth.flow_expired`, `auth.rate_limited`. */
  async totp(token: string, code: string, visitor: Visitor): Promise<SignInResult> {
    const { flows, devices, totp, limiter } = this.#parts;
    const flow = await flows.open<StepData>("second-factor", token);
    const user = await this.#parts.signIn.accountOf(flow);
    const deviceId = devices.deviceOf(visitor.devices, user.id);
    limiter.attempt(user.id, visitor.ip, deviceId);
    await flows.attempt("second-factor", token);
    if (!(await totp.verify(user.id, code))) return this.#wrong(user, visitor, "totp");
    limiter.succeeded(user.id, visitor.ip, deviceId);
    return this.#finish(flow, user, "totp", visitor);
  }

  /** Throws `auth.bad_code`, `auth.flow_expired`. */
  async recovery(token: string, code: string, visitor: Visitor): Promise<SignInResult> {
    const { flows, recovery, audit, signIn } = this.#parts;
    const flow = await flows.attempt<StepData>("second-factor", token);
    const user = await signIn.accountOf(flow);
    if (!(await recovery.use(user.id, code))) return this.#wrong(user, visitor, "recovery");
    await audit.add({
      action: "mfa.recovery_used",
      actorId: user.id,
      actorName: user.username,
      ip: visitor.ip,
      details: { left: await recovery.left(user.id) },
    });
    return this.#finish(flow, user, "recovery", visitor);
  }

  /** Throws `passkey.unavailable`, `auth.flow_expired`. */
  async passkeyOptions(token: string, visitor: Visitor) {
    const { flows, passkeys } = this.#parts;
    const flow = await flows.open<StepData>("second-factor", token);
    const options = await passkeys.assertionOptions(needRp(visitor), flow.userId ?? "");
    await flows.update(flow.id, { ...flow.data, challenge: options.challenge });
    return options;
  }

  /** Throws `passkey.refused`, `auth.flow_expired`. */
  async passkey(token: string, body: AssertionBody, visitor: Visitor): Promise<SignInResult> {
    const { flows, passkeys, signIn } = this.#parts;
    const flow = await flows.attempt<StepData>("second-factor", token);
    const user = await signIn.accountOf(flow);
    const { userId } = await passkeys.verify(body, challengeOf(flow), needRp(visitor), false).catch(async (error) => {
      await signIn.refused(user.username, user.id, visitor.ip, "passkey");
      throw error;
    });
    if (userId !== user.id) throw new FluxError("passkey.refused", "the passkey was not accepted");
    return this.#finish(flow, user, "passkey", visitor);
  }

  /** Throws `auth.flow_expired`. */
  async enrolTotpStart(token: string): Promise<TotpSetup> {
    const { flows, totp, signIn } = this.#parts;
    const flow = await flows.open<StepData>("enrol", token);
    const user = await signIn.accountOf(flow);
    // Asking again, as a page that was loaded anew does, shows the same code.
    const secret = flow.data.secret ?? totp.newSecret();
    await flows.update(flow.id, { ...flow.data, secret });
    return { token, secret, uri: totp.uri(secret, user.username) };
  }

  /** Throws `auth.bad_code`, `auth.flow_expired`. */
  async enrolTotp(token: string, code: string, visitor: Visitor): Promise<SignInResult> {
    const { flows, totp } = this.#parts;
    const flow = await flows.attempt<StepData>("enrol", token);
    const user = await this.#withoutFactor(flow);
    const { secret } = flow.data;
    if (secret === undefined || !(await totp.enrol(user.id, secret, code))) {
      return this.#wrong(user, visitor, "totp");
    }
    return this.#enrolled(flow, user, "totp", visitor);
  }

  /** Throws `passkey.unavailable`, `auth.flow_expired`. */
  async enrolPasskeyOptions(token: string, visitor: Visitor) {
    const { flows, passkeys, signIn } = this.#parts;
    const flow = await flows.open<StepData>("enrol", token);
    const user = await signIn.accountOf(flow);
    const options = await passkeys.registrationOptions(user, needRp(visitor));
    await flows.update(flow.id, { ...flow.data, challenge: options.challenge });
    return options;
  }

  /** Throws `passkey.refused`, `auth.flow_expired`. */
  async enrolPasskey(token: string, name: string, body: RegistrationBody, visitor: Visitor): Promise<SignInResult> {
    const { flows, passkeys } = this.#parts;
    const flow = await flows.attempt<StepData>("enrol", token);
    const user = await this.#withoutFactor(flow);
    await passkeys.register(user.id, name, body, challengeOf(flow), needRp(visitor));
    return this.#enrolled(flow, user, "passkey", visitor);
  }

  /** Passkey in place of name and password. Anybody may ask, so it leaves nothing here. Throws `passkey.unavailable`. */
  async passwordlessOptions(visitor: Visitor) {
    const options = await this.#parts.passkeys.assertionOptions(needRp(visitor));
    const { token } = this.#parts.strangers.begin("passwordless", { challenge: options.challenge });
    return { token, options };
  }

  /**
   * The device and its PIN or finger are two factors already; nothing more is asked. Throws `passkey.refused`,
   * `auth.flow_expired`, `auth.busy`.
   */
  async passwordless(token: string, body: AssertionBody, visitor: Visitor): Promise<SignInResult> {
    const { strangers, passkeys, signIn } = this.#parts;
    const flow = strangers.open<StepData>("passwordless", token);
    const { userId } = await passkeys.verify(body, challengeOf(flow), needRp(visitor), true).catch(async (error) => {
      await signIn.refused("passkey", undefined, visitor.ip, "passkey");
      throw error;
    });
    strangers.finish(flow);
    return signIn.complete(await signIn.account(userId), ["passkey"], visitor);
  }

  async #finish(flow: Flow<StepData>, user: AccountRow, factor: Factor, visitor: Visitor): Promise<SignInResult> {
    await this.#parts.flows.finish(flow.id);
    return this.#parts.signIn.complete(user, [...flow.data.methods, factor], visitor);
  }

  async #enrolled(flow: Flow<StepData>, user: AccountRow, factor: Factor, visitor: Visitor): Promise<SignInResult> {
    const { recovery, audit } = this.#parts;
    await this.#parts.flows.finish(flow.id);
    const recoveryCodes = await recovery.renew(user.id);
    const { id: actorId, username: actorName } = user;
    await audit.add({ action: "mfa.enrol", actorId, actorName, ip: visitor.ip, target: user.id, details: { factor } });
    return this.#parts.signIn.complete(user, [...flow.data.methods, factor], visitor, recoveryCodes);
  }

  /** An enrolment begun before another one ended must not put its own factor beside or over that one. */
  async #withoutFactor(flow: Flow<StepData>): Promise<AccountRow> {
    const { totp, passkeys, signIn } = this.#parts;
    const user = await signIn.accountOf(flow);
    if ((await totp.has(user.id)) || (await passkeys.count(user.id)) > 0) {
      throw new FluxError("auth.flow_expired", "this account has a second factor already, sign in again");
    }
    return user;
  }

  async #wrong(user: AccountRow, visitor: Visitor, method: Factor): Promise<never> {
    await this.#parts.signIn.refused(user.username, user.id, visitor.ip, method);
    throw new FluxError("auth.bad_code", "the code is wrong or was used before", { field: "code" });
  }
}

export function needRp({ rp }: Pick<Visitor, "rp">): RelyingParty {
  if (rp === undefined) {
    throw new FluxError("passkey.unavailable", "passkeys need HTTPS and a host name instead of an address");
  }
  return rp;
}

export function challengeOf({ data }: Pick<Flow<{ challenge?: string }>, "data">): string {
  if (data.challenge === undefined) throw new FluxError("auth.flow_expired", "ask for a challenge first");
  return data.challenge;
}
