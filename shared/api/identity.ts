import { z } from "zod";
import { session, THEMES } from "./schemas.ts";

/** REST bodies of sign-in, second factors, own profile and sessions. */

const instant = z.iso.datetime();
/** Short where the server remembers the flow; a stranger's holds the flow itself, sealed. */
const flowToken = z.string().min(1).max(512);
const label = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^\p{Cc}\p{Cf}]*$/u, "must not contain control characters");
const base64url = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[A-Za-z0-9_-]+={0,2}$/, "must be base64url");

export const MIN_PASSWORD_LENGTH = 12;

/** Rules of sign-in, for administrators. */
export const identitySettings = z.object({
  minPasswordLength: z.number().int().min(MIN_PASSWORD_LENGTH).max(64).default(MIN_PASSWORD_LENGTH),
  /** Ids of the roles whose people must have a second factor. */
  mfaRoles: z.array(z.string().min(1).max(64)).max(200).default([]),
});
export type IdentitySettings = z.infer<typeof identitySettings>;

/** What the sign-in page offers, without signing in. */
export const signInOptions = z.object({
  minPasswordLength: z.number().int(),
  providers: z.array(z.object({ id: z.uuid(), name: z.string() })),
  /** Passkeys need a host name; they do not work on a bare address. */
  passkeys: z.boolean(),
});
export type SignInOptions = z.infer<typeof signInOptions>;

export const FACTORS = ["totp", "passkey", "recovery"] as const;
export type Factor = (typeof FACTORS)[number];

/** 202: the password was right, and more is asked for. */
export const signInStep = z.object({
  /**
   * `second-factor`: prove one of `methods`. `enrol`: set one of `methods` up; the role asks for it. `new-password`:
   * everything is proved, but somebody else made the password.
   */
  step: z.enum(["second-factor", "enrol", "new-password"]),
  /** Names this sign-in in the next request. Good for ten minutes and five tries. */
  token: z.string(),
  expiresAt: instant,
  methods: z.array(z.enum(FACTORS)),
  username: z.string(),
});
export type SignInStep = z.infer<typeof signInStep>;

/** The session, and after a first enrolment the recovery codes: this once. */
export const signedInSession = session.extend({ recoveryCodes: z.array(z.string()).optional() });
export type SignedInSession = z.infer<typeof signedInSession>;

export const flowRequest = z.object({ token: flowToken });
export const codeRequest = z.object({
  token: flowToken,
  code: z
    .string()
    .trim()
    .min(6)
    .max(32)
    .regex(/^[A-Za-z0-9 -]+$/, "must be letters and digits"),
});

export const newPasswordRequest = z.object({ token: flowToken, password: z.string().min(12).max(256) });

export const totpSetup = z.object({
  token: z.string(),
  /** Base32, for typing it in. */
  secret: z.string(),
  /** `otpauth://`, for the QR code. */
  uri: z.string(),
});
export type TotpSetup = z.infer<typeof totpSetup>;

/** As `navigator.credentials` wants it, in the JSON form of WebAuthn level 3. */
export const webauthnOptions = z.object({ token: z.string(), options: z.record(z.string(), z.unknown()) });

const transports = z.array(z.string().max(32)).max(10).optional();
export const registrationResponse = z.object({
  id: base64url(2048),
  rawId: base64url(2048),
  type: z.literal("public-key"),
  authenticatorAttachment: z.string().max(32).optional(),
  clientExtensionResults: z.record(z.string().max(64), z.unknown()).optional(),
  response: z.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(65_536),
    transports,
  }),
});
export const assertionResponse = z.object({
  id: base64url(2048),
  rawId: base64url(2048),
  type: z.literal("public-key"),
  authenticatorAttachment: z.string().max(32).optional(),
  clientExtensionResults: z.record(z.string().max(64), z.unknown()).optional(),
  response: z.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(2048),
    userHandle: z.string().max(256).optional(),
  }),
});
export type RegistrationBody = z.infer<typeof registrationResponse>;
export type AssertionBody = z.infer<typeof assertionResponse>;

export const registerPasskeyRequest = z.object({ token: flowToken, name: label, response: registrationResponse });
export const assertPasskeyRequest = z.object({ token: flowToken, response: assertionResponse });

export const passkey = z.object({
  id: z.uuid(),
  name: z.string(),
  /** Host name it works on. */
  host: z.string(),
  /** Kept in sync between the owner's devices. */
  synced: z.boolean(),
  createdAt: instant,
  lastUsedAt: instant.nullable(),
});
export type Passkey = z.infer<typeof passkey>;
export const renamePasskeyRequest = z.object({ name: label });

export const mfaStatus = z.object({
  /** The user's role asks for a second factor. */
  required: z.boolean(),
  totp: z.boolean(),
  passkeys: z.array(passkey),
  recoveryCodesLeft: z.number().int(),
});
export type MfaStatus = z.infer<typeof mfaStatus>;

/** Shown once. `recoveryCodes` comes with the first factor only. */
export const enrolled = z.object({ recoveryCodes: z.array(z.string()).optional() });
export const recoveryCodeList = z.object({ recoveryCodes: z.array(z.string()) });

export const profile = z.object({
  username: z.string(),
  displayName: z.string(),
  language: z.enum(["en", "ko"]),
  theme: z.enum(THEMES),
  /** False for people who sign in through a provider only. */
  hasPassword: z.boolean(),
  /** Names of the OpenID providers that this account is bound to. */
  providers: z.array(z.string()),
});
export type Profile = z.infer<typeof profile>;
export const updateProfileRequest = z
  .object({ displayName: label, language: z.enum(["en", "ko"]), theme: z.enum(THEMES) })
  .partial();

/** One of them, as the user prefers. */
export const reauthenticateRequest = z.union([
  z.strictObject({ password: z.string().min(1).max(256) }),
  z.strictObject({ code: z.string().trim().min(6).max(32) }),
  z.strictObject({ token: flowToken, response: assertionResponse }),
]);
export const reauthenticated = z.object({ until: instant });
export const reauthMethods = z.object({ methods: z.array(z.enum(["password", "totp", "passkey"])) });

export const sessionInfo = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  username: z.string(),
  /** Browser and system, as far as they say. */
  device: z.string(),
  ip: z.string(),
  /** How its owner proved who they are: `password`, `totp`, `passkey`, `recovery`, `oidc`. */
  methods: z.array(z.string()),
  createdAt: instant,
  lastSeenAt: instant,
  expiresAt: instant,
  current: z.boolean(),
});
export type SessionInfo = z.infer<typeof sessionInfo>;
export const sessionsQuery = z.object({ user: z.uuid().optional() });
export const endSessionsRequest = z.object({ userId: z.uuid() });
export const endedSessions = z.object({ ended: z.number().int() });

/** Who is in `group` at the provider has the role on the whole system, and is in these groups here. */
const groupRule = z.object({
  group: z.string().min(1).max(256),
  roleId: z.string().min(1).max(64).nullable(),
  groupIds: z.array(z.uuid()).max(50),
});
export const oidcProviderBody = z.object({
  name: label,
  issuer: z.url({ protocol: /^https?$/, error: "must be a http(s) address" }).max(2048),
  clientId: z.string().min(1).max(512),
  /** Left out: stays as it is. Null: a public client. */
  clientSecret: z.string().min(1).max(2048).nullable().optional(),
  scopes: z
    .string()
    .max(512)
    .regex(/^[\x21-\x7e]+( [\x21-\x7e]+)*$/, "space-separated")
    .default("openid profile email"),
  groupClaim: z.string().min(1).max(256).nullable().default(null),
  groupMap: z.array(groupRule).max(200).default([]),
  /** Role of who is in none of these groups; null: they get in only with a right of their own here. */
  defaultRoleId: z.string().min(1).max(64).nullable().default(null),
  createUsers: z.boolean().default(false),
  mfaTrusted: z.boolean().default(false),
  enabled: z.boolean().default(true),
});
export type OidcProviderBody = z.infer<typeof oidcProviderBody>;
export const oidcProvider = oidcProviderBody
  .omit({ clientSecret: true })
  .extend({ id: z.uuid(), hasClientSecret: z.boolean(), callbackPath: z.string() });
export type OidcProvider = z.infer<typeof oidcProvider>;
/** What the provider's discovery document said. */
export const oidcTest = z.object({ issuer: z.string(), authorizationEndpoint: z.string(), pkce: z.boolean() });
