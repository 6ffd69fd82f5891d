import { bigint, boolean, index, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { bytes, instant } from "./columns.ts";
import { users } from "./users.ts";

const ofUser = () =>
  uuid("user_id")
    .notNull()
    .references(() => users.id, { onDelete: "cascade" });

/** Authenticator apps. A row exists once its owner has proved a code; a secret that is being set up lives in a flow. */
export const totpSecrets = pgTable("totp_secrets", {
  userId: ofUser().primaryKey(),
  /** Sealed field of context `totp_secrets.secret_sealed|<user id>`; base32 inside. */
  secretSealed: text("secret_sealed").notNull(),
  /** The 30 s step of the last code that was accepted. Codes of it and of earlier ones are used up. */
  lastStep: bigint("last_step", { mode: "number" }).notNull(),
  createdAt: instant("created_at").notNull(),
});

/** WebAuthn credentials: second factors, and sign-in without a password. Public keys only. */
export const passkeys = pgTable(
  "passkeys",
  {
    id: uuid("id").primaryKey(),
    userId: ofUser(),
    /** As the authenticator names it, base64url. */
    credentialId: text("credential_id").notNull().unique(),
    /** COSE. */
    publicKey: bytes("public_key").notNull(),
    /** Signature counter; a step back means a copied authenticator. Many passkeys always say 0. */
    counter: bigint("counter", { mode: "number" }).notNull(),
    /** Host name that it was made for and works on. */
    rpId: text("rp_id").notNull(),
    transports: jsonb("transports").$type<string[]>().notNull(),
    /** Synchronised between the owner's devices. */
    backedUp: boolean("backed_up").notNull(),
    name: text("name").notNull(),
    createdAt: instant("created_at").notNull(),
    lastUsedAt: instant("last_used_at"),
  },
  (table) => [index("passkeys_user").on(table.userId)],
);

/** Codes for the day that the phone is lost. Kept as a MAC under a key that the database does not hold. */
export const recoveryCodes = pgTable(
  "recovery_codes",
  {
    userId: ofUser(),
    codeMac: bytes("code_mac").notNull(),
    createdAt: instant("created_at").notNull(),
    usedAt: instant("used_at"),
  },
  (table) => [primaryKey({ columns: [table.userId, table.codeMac] })],
);

/** What happens between two requests of one sign-in or enrolment. Minutes long, single use, few attempts. */
export const authFlows = pgTable(
  "auth_flows",
  {
    id: uuid("id").primaryKey(),
    kind: text("kind").notNull(),
    /** SHA-256 of the secret half of the flow's token. */
    secretHash: bytes("secret_hash").notNull(),
    /** Undefined until it is known who signs in. */
    userId: uuid("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** Sealed field of context `auth_flows.data_sealed|<id>`; JSON inside. */
    dataSealed: text("data_sealed").notNull(),
    attempts: integer("attempts").notNull().default(0),
    createdAt: instant("created_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
  },
  (table) => [
    index("auth_flows_expiry").on(table.expiresAt),
    // How many somebody has open; and accounts that are deleted look here.
    index("auth_flows_owner").on(table.userId, table.kind, table.createdAt),
  ],
);

/** OpenID Connect providers that people may sign in with. */
export const oidcProviders = pgTable("oidc_providers", {
  id: uuid("id").primaryKey(),
  /** On the sign-in button. */
  name: text("name").notNull().unique(),
  issuer: text("issuer").notNull(),
  clientId: text("client_id").notNull(),
  /** Sealed field of context `oidc_providers.client_secret_sealed|<id>`; null: a public client. */
  clientSecretSealed: text("client_secret_sealed"),
  /** Space-separated, `openid` among them. */
  scopes: text("scopes").notNull(),
  /** Claim that lists a person's groups; null: groups are not looked at. */
  groupClaim: text("group_claim"),
  /** Who is in `group` at the provider has the role on the system and is in `groupIds` here. Every match counts. */
  groupMap: jsonb("group_map").$type<{ group: string; roleId: string | null; groupIds: string[] }[]>().notNull(),
  /** Role of who matches no group. */
  defaultRoleId: text("default_role"),
  /** Accounts are made at the first sign-in. */
  createUsers: boolean("create_users").notNull(),
  /** The provider asks for a second factor itself; ours is not asked for on top. */
  mfaTrusted: boolean("mfa_trusted").notNull(),
  enabled: boolean("enabled").notNull(),
  createdAt: instant("created_at").notNull(),
  updatedAt: instant("updated_at").notNull(),
});

/** Who somebody of a provider is here. The subject is what the provider never changes; names and addresses it may. */
export const externalIdentities = pgTable(
  "external_identities",
  {
    providerId: uuid("provider_id")
      .notNull()
      .references(() => oidcProviders.id, { onDelete: "cascade" }),
    subject: text("subject").notNull(),
    userId: ofUser(),
    createdAt: instant("created_at").notNull(),
    lastLoginAt: instant("last_login_at"),
  },
  (table) => [
    primaryKey({ columns: [table.providerId, table.subject] }),
    unique("external_identities_user").on(table.providerId, table.userId),
  ],
);

/** What a person chose for the console, on every device. */
export const userPreferences = pgTable("user_preferences", {
  userId: ofUser().primaryKey(),
  theme: text("theme", { enum: ["dark", "light", "contrast"] })
    .notNull()
    .default("dark"),
  /** Null: never chosen by the user; the browser's own then holds. */
  language: text("language", { enum: ["en", "ko"] }),
  updatedAt: instant("updated_at").notNull(),
});
