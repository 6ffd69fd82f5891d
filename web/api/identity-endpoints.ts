import type { z } from "zod";
import type {
  AssertionBody,
  enrolled,
  IdentitySettings,
  MfaStatus,
  OidcProvider,
  oidcProviderBody,
  oidcTest,
  Profile,
  RegistrationBody,
  reauthenticateRequest,
  reauthMethods,
  SessionInfo,
  SignInOptions,
  TotpSetup,
  updateProfileRequest,
} from "../../shared/api/identity.ts";
import type { HttpClient } from "./http-client.ts";

export type Enrolled = z.infer<typeof enrolled>;
export type ProviderBody = z.input<typeof oidcProviderBody>;
export type ProviderTest = z.infer<typeof oidcTest>;
export type ProofMethods = z.infer<typeof reauthMethods>["methods"];
export type Proof = z.input<typeof reauthenticateRequest>;
export interface PasskeyOptions {
  readonly token: string;
  readonly options: Readonly<Record<string, unknown>>;
}
export type { AssertionBody, RegistrationBody };

/** Routes of the own account, of sessions and of the rules of sign-in. */
export interface IdentityApi {
  signInOptions(signal?: AbortSignal): Promise<SignInOptions>;
  profile(signal?: AbortSignal): Promise<Profile>;
  updateProfile(body: z.input<typeof updateProfileRequest>): Promise<Profile>;
  mfa(signal?: AbortSignal): Promise<MfaStatus>;
  startTotp(): Promise<TotpSetup>;
  confirmTotp(token: string, code: string): Promise<Enrolled>;
  removeTotp(): Promise<void>;
  renewRecoveryCodes(): Promise<{ recoveryCodes: string[] }>;
  newPasskeyOptions(): Promise<PasskeyOptions>;
  addPasskey(token: string, name: string, response: RegistrationBody): Promise<Enrolled>;
  renamePasskey(id: string, name: string): Promise<void>;
  removePasskey(id: string): Promise<void>;
  /** How the user can prove once more who they are. */
  proofMethods(): Promise<ProofMethods>;
  proofOptions(): Promise<PasskeyOptions>;
  prove(body: Proof): Promise<{ until: string }>;
  ownSessions(signal?: AbortSignal): Promise<SessionInfo[]>;
  endOwnSession(id: string): Promise<void>;
  endOtherSessions(): Promise<{ ended: number }>;
  sessions(signal?: AbortSignal): Promise<SessionInfo[]>;
  endSession(id: string): Promise<void>;
  endSessionsOf(userId: string): Promise<{ ended: number }>;
  identitySettings(signal?: AbortSignal): Promise<IdentitySettings>;
  putIdentitySettings(body: IdentitySettings): Promise<IdentitySettings>;
  providers(signal?: AbortSignal): Promise<OidcProvider[]>;
  createProvider(body: ProviderBody): Promise<OidcProvider>;
  updateProvider(id: string, body: ProviderBody): Promise<OidcProvider>;
  removeProvider(id: string): Promise<void>;
  testProvider(id: string): Promise<ProviderTest>;
  /** Where the browser goes to bind the own account to the provider. */
  linkProvider(id: string): Promise<{ url: string }>;
  resetMfa(userId: string): Promise<void>;
}

const at = (value: string): string => encodeURIComponent(value);

export function createIdentityApi(http: HttpClient): IdentityApi {
  const empty = { body: {} };
  return {
    signInOptions: (signal) => http.request("GET", "/auth/options", { signal }),
    profile: (signal) => http.request("GET", "/profile", { signal }),
    updateProfile: (body) => http.request("PATCH", "/profile", { body }),
    mfa: (signal) => http.request("GET", "/mfa", { signal }),
    startTotp: () => http.request("POST", "/mfa/totp/start", empty),
    confirmTotp: (token, code) => http.request("POST", "/mfa/totp", { body: { token, code } }),
    removeTotp: () => http.request("DELETE", "/mfa/totp"),
    renewRecoveryCodes: () => http.request("POST", "/mfa/recovery-codes", empty),
    newPasskeyOptions: () => http.request("POST", "/mfa/passkeys/options", empty),
    addPasskey: (token, name, response) => http.request("POST", "/mfa/passkeys", { body: { token, name, response } }),
    renamePasskey: (id, name) => http.request("PATCH", `/mfa/passkeys/${at(id)}`, { body: { name } }),
    removePasskey: (id) => http.request("DELETE", `/mfa/passkeys/${at(id)}`),
    proofMethods: async () => (await http.request<{ methods: ProofMethods }>("GET", "/auth/reauthenticate")).methods,
    proofOptions: () => http.request("POST", "/auth/reauthenticate/passkey/options", empty),
    prove: (body) => http.request("POST", "/auth/reauthenticate", { body }),
    ownSessions: (signal) => http.request("GET", "/sessions/own", { signal }),
    endOwnSession: (id) => http.request("DELETE", `/sessions/own/${at(id)}`),
    endOtherSessions: () => http.request("POST", "/sessions/own/end-others", empty),
    sessions: (signal) => http.request("GET", "/sessions", { signal }),
    endSession: (id) => http.request("DELETE", `/sessions/${at(id)}`),
    endSessionsOf: (userId) => http.request("POST", "/sessions/end-user", { body: { userId } }),
    identitySettings: (signal) => http.request("GET", "/identity/settings", { signal }),
    putIdentitySettings: (body) => http.request("PUT", "/identity/settings", { body }),
    providers: (signal) => http.request("GET", "/identity/providers", { signal }),
    createProvider: (body) => http.request("POST", "/identity/providers", { body }),
    updateProvider: (id, body) => http.request("PUT", `/identity/providers/${at(id)}`, { body }),
    removeProvider: (id) => http.request("DELETE", `/identity/providers/${at(id)}`),
    testProvider: (id) => http.request("POST", `/identity/providers/${at(id)}/test`, empty),
    linkProvider: (id) => http.request("POST", `/auth/oidc/${at(id)}/link`, empty),
    resetMfa: (userId) => http.request("DELETE", `/users/${at(userId)}/mfa`),
  };
}
