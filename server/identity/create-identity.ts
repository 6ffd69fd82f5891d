import { createHmac } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import type { AccessControl } from "../access/create-access.ts";
import type { AuthService } from "../auth/auth-service.ts";
import type { PasswordHasher } from "../auth/password.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { Audit } from "../control/audit.ts";
import type { Orm } from "../db/database.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { FactorLimiter } from "./factor-limiter.ts";
import { FactorSteps } from "./factor-steps.ts";
import { AuthFlows } from "./flows.ts";
import { KnownDevices } from "./known-devices.ts";
import { createDirectory } from "./oidc/directory.ts";
import { OidcClient } from "./oidc/oidc-client.ts";
import { OidcSignIn } from "./oidc/oidc-sign-in.ts";
import { OidcProviders } from "./oidc/providers.ts";
import { OwnFactors } from "./own-factors.ts";
import { Passkeys } from "./passkeys.ts";
import { PasswordPolicy } from "./password-policy.ts";
import { Profiles } from "./profile.ts";
import { RecentAuth } from "./recent-auth.ts";
import { RecoveryCodes } from "./recovery-codes.ts";
import { SealedFlows } from "./sealed-flows.ts";
import { SessionList } from "./session-list.ts";
import { IdentitySettingsStore } from "./settings.ts";
import { SignIn } from "./sign-in.ts";
import { TotpFactor } from "./totp.ts";

/** Made before the rest: user accounts and the first set-up hold new passwords to it. */
export interface IdentityRules {
  readonly settings: IdentitySettingsStore;
  readonly passwordPolicy: PasswordPolicy;
}

export function createIdentityRules(orm: Orm, clock: Clock): IdentityRules {
  const settings = new IdentitySettingsStore(orm, clock);
  const passwordPolicy = new PasswordPolicy(async () => (await settings.get()).minPasswordLength);
  return { settings, passwordPolicy };
}

export interface IdentityParts extends IdentityRules {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly sealer: FieldSealer;
  /** From the root key; keys of device cookies and recovery codes are derived from it. */
  readonly macKey: Uint8Array;
  readonly hasher: PasswordHasher;
  readonly auth: AuthService;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly access: AccessControl;
  /** Throws `auth.wrong_password`, `auth.rate_limited`. */
  readonly confirmPassword: (userId: string, password: string, field: string) => Promise<void>;
  readonly outbound: Pick<OutboundGuard, "fetch" | "checkUrl">;
}

/** Who people are and how they prove it. */
export interface Identity extends IdentityRules {
  readonly signIn: SignIn;
  readonly steps: FactorSteps;
  readonly factors: OwnFactors;
  readonly passkeys: Passkeys;
  readonly recent: RecentAuth;
  readonly sessions: SessionList;
  readonly profiles: Profiles;
  readonly providers: OidcProviders;
  readonly oidcClient: OidcClient;
  readonly oidc: OidcSignIn;
}

export function createIdentity(parts: IdentityParts): Identity {
  const { orm, clock, sealer, macKey, hasher, auth, audit, access, settings, passwordPolicy, outbound } = parts;
  const flows = new AuthFlows(orm, clock, sealer);
  const strangers = new SealedFlows(clock);
  const devices = new KnownDevices(subKey(macKey, "known devices"));
  const totp = new TotpFactor(orm, clock, sealer);
  const passkeys = new Passkeys(orm, clock);
  const recovery = new RecoveryCodes(orm, clock, subKey(macKey, "recovery codes"));
  const limiter = new FactorLimiter(clock);
  const recent = new RecentAuth({ orm, clock, confirmPassword: parts.confirmPassword });
  const shared = { orm, clock, audit, flows, devices, totp, passkeys, recovery };
  const signIn = new SignIn({
    ...shared,
    hasher,
    auth,
    settings,
    passwordPolicy,
    roleIdsOf: (userId) => access.grants.roleIdsOf(userId),
    isApiOnly: (userId) => access.grants.isApiOnly(userId),
  });
  const providers = new OidcProviders(orm, clock, sealer, (url) => outbound.checkUrl("service", url));
  const oidcClient = new OidcClient(providers, clock, outbound.fetch("service"));
  const directory = createDirectory(clock, access.changes, access.groups);
  return {
    settings,
    passwordPolicy,
    signIn,
    steps: new FactorSteps({ ...shared, signIn, limiter, strangers }),
    factors: new OwnFactors({ ...shared, signIn, recent, limiter }),
    passkeys,
    recent,
    sessions: new SessionList(orm, clock, parts.sessions),
    profiles: new Profiles(orm, clock),
    providers,
    oidcClient,
    oidc: new OidcSignIn({ ...shared, strangers, providers, client: oidcClient, signIn, directory }),
  };
}

function subKey(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(createHmac("sha256", key).update(`fluxvision ${purpose} v1`).digest());
}
