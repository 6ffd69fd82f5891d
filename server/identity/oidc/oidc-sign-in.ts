import { and, eq } from "drizzle-orm";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { Audit } from "../../control/audit.ts";
import type { Orm } from "../../db/database.ts";
import { externalIdentities } from "../../db/schema/index.ts";
import { toDate } from "../../db/time.ts";
import type { AuthFlows } from "../flows.ts";
import type { SealedFlows } from "../sealed-flows.ts";
import type { SignIn, SignInResult, Visitor } from "../sign-in.ts";
import type { ExternalPerson, OidcClient, PendingAuthorization } from "./oidc-client.ts";
import type { OidcProviders, ProviderRow } from "./providers.ts";

/** Accounts as far as providers may make and change them. */
export interface Directory {
  /** A new account without a password; resolves to its id. Its name differs from the wanted one where that is taken. */
  create(person: { username: string; displayName: string; roleIds: readonly string[] }): Promise<string>;
  /** Of the roles that the provider manages, the user has exactly these on the system from now on. */
  setRoles(userId: string, managed: ReadonlySet<string>, roleIds: readonly string[]): Promise<void>;
  /** Memberships that come from `source` are exactly these from now on. */
  setGroups(userId: string, source: string, groupIds: readonly string[]): Promise<void>;
}

export interface OidcSignInParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly audit: Audit;
  readonly flows: AuthFlows;
  readonly strangers: SealedFlows;
  readonly providers: OidcProviders;
  readonly client: OidcClient;
  readonly signIn: SignIn;
  readonly directory: Directory;
}

/** On the way to the provider and back. */
interface StartData {
  readonly providerId: string;
  readonly pending: PendingAuthorization;
  readonly linkUserId: string | null;
}

/** After the provider named somebody. */
interface PersonData {
  readonly providerId: string;
  readonly person: ExternalPerson;
}

export type OidcResult = SignInResult | { readonly kind: "linked" };

/**
 * Signing in through an OpenID provider: authorization code with PKCE. State, nonce and verifier go with the browser in a
 * cookie, sealed, so an answer that another browser fetched is worth nothing in this one, and beginning takes no room
 * here. The callback, which any site can make a browser open, only notes who it is, in a flow whose token takes the
 * cookie's place; the session is opened by the page's own request afterwards.
 */
export class OidcSignIn {
  readonly #parts: OidcSignInParts;

  constructor(parts: OidcSignInParts) {
    this.#parts = parts;
  }

  /** `linkUserId`: binds the person to that account instead of signing in. Throws `oidc.not_found`, `oidc.unreachable`. */
  async start(
    providerId: string,
    redirectUri: string,
    linkUserId: string | null,
  ): Promise<{ url: string; token: string }> {
    const { providers, client, strangers } = this.#parts;
    const provider = await enabled(providers, providerId);
    const { url, ...pending } = await client.authorization(provider, redirectUri);
    const data: StartData = { providerId, pending, linkUserId };
    const { token } = strangers.begin("oidc-start", data);
    return { url, token };
  }

  /** Resolves to the token that `finish` takes. Throws `oidc.refused`, `oidc.unreachable`, `auth.flow_expired`. */
  async callback(startToken: string, query: string): Promise<string> {
    const { providers, client, flows, strangers } = this.#parts;
    const started = strangers.open<StartData>("oidc-start", startToken);
    const { providerId, pending, linkUserId } = started.data;
    const provider = await enabled(providers, providerId);
    const person = await client.person(provider, pending, query);
    strangers.finish(started);
    const data: PersonData = { providerId, person };
    const { token } = await flows.begin("oidc", linkUserId, data);
    return token;
  }

  /** Throws `oidc.no_account`, `oidc.not_permitted`, `oidc.linked_elsewhere`, `auth.flow_expired`. */
  async finish(token: string, visitor: Visitor): Promise<OidcResult> {
    const { flows, providers, signIn } = this.#parts;
    const flow = await flows.attempt<PersonData>("oidc", token);
    const { providerId, person } = flow.data;
    await flows.finish(flow.id);
    const provider = await enabled(providers, providerId);
    if (flow.userId !== null) {
      await this.#link(provider, person, flow.userId, visitor);
      return { kind: "linked" };
    }
    const user = await signIn.account(await this.#userOf(provider, person, visitor)).catch(() => {
      throw new FluxError("oidc.not_permitted", "this account is disabled");
    });
    return provider.mfaTrusted ? signIn.complete(user, ["oidc"], visitor) : signIn.afterFirst(user, ["oidc"], visitor);
  }

  async #userOf(provider: ProviderRow, person: ExternalPerson, visitor: Visitor): Promise<string> {
    const { orm, clock, directory } = this.#parts;
    const { groupMap, groupClaim, defaultRoleId } = provider;
    const rules = groupMap.filter(({ group }) => person.groups.includes(group));
    const mapped = groupClaim !== null && groupMap.length > 0;
    if (mapped && rules.length === 0 && defaultRoleId === null) {
      return this.#refuse(provider, person, visitor, "oidc.not_permitted");
    }
    const given = [...new Set(rules.flatMap(({ roleId }) => roleId ?? []))];
    const roleIds = rules.length === 0 && defaultRoleId !== null ? [defaultRoleId] : given;
    const own = and(eq(externalIdentities.providerId, provider.id), eq(externalIdentities.subject, person.subject));
    const now = toDate(clock.utcMicros());
    const [known] = await orm.update(externalIdentities).set({ lastLoginAt: now }).where(own).returning();
    let userId = known?.userId;
    if (userId === undefined) {
      // Never by name: whoever may choose a name at the provider would choose somebody else's account here.
      if (!provider.createUsers) return this.#refuse(provider, person, visitor, "oidc.no_account");
      const { username, displayName, subject } = person;
      userId = await directory.create({ username, displayName, roleIds });
      await orm
        .insert(externalIdentities)
        .values({ providerId: provider.id, subject, userId, createdAt: now, lastLoginAt: now });
      await this.#audit("user.create", userId, person, visitor, { provider: provider.name, roles: roleIds });
    } else if (mapped) {
      const managed = new Set([...groupMap.map(({ roleId }) => roleId), defaultRoleId].filter((id) => id !== null));
      await directory.setRoles(userId, managed, roleIds);
    }
    const groupIds = [...new Set(rules.flatMap(({ groupIds }) => groupIds))];
    if (mapped) await directory.setGroups(userId, `oidc:${provider.id}`, groupIds);
    return userId;
  }

  async #link(provider: ProviderRow, person: ExternalPerson, userId: string, visitor: Visitor): Promise<void> {
    const { orm, clock } = this.#parts;
    const now = toDate(clock.utcMicros());
    const row = { providerId: provider.id, subject: person.subject, userId, createdAt: now };
    const [made] = await orm.insert(externalIdentities).values(row).onConflictDoNothing().returning();
    if (!made)
      throw new FluxError("oidc.linked_elsewhere", "this account of the provider, or yours here, is bound already");
    await this.#audit("user.link", userId, person, visitor, { provider: provider.name });
  }

  async #refuse(provider: ProviderRow, person: ExternalPerson, visitor: Visitor, code: string): Promise<never> {
    const details = { method: "oidc", provider: provider.name, reason: code };
    await this.#parts.audit.add({
      action: "auth.login_failed",
      actorName: person.username.slice(0, 64),
      ip: visitor.ip,
      details,
    });
    throw new FluxError(
      code,
      code === "oidc.no_account" ? "there is no account for you here" : "your groups give you no access here",
    );
  }

  async #audit(
    action: string,
    userId: string,
    person: ExternalPerson,
    { ip }: Visitor,
    details: Record<string, unknown>,
  ) {
    const actorName = person.username.slice(0, 64);
    await this.#parts.audit.add({ action, actorId: userId, actorName, ip, target: userId, details });
  }
}

async function enabled(providers: OidcProviders, id: string): Promise<ProviderRow> {
  const provider = await providers.row(id);
  if (!provider.enabled) throw new FluxError("oidc.not_found", "there is no such provider");
  return provider;
}
