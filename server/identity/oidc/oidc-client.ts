import * as oidc from "openid-client";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { OidcProviders, ProviderRow } from "./providers.ts";

/** How long a discovery document is good. */
const FRESH_MS = 10 * 60_000;
const TIMEOUT_S = 10;

/** What a provider says about somebody. */
export interface ExternalPerson {
  readonly subject: string;
  /** `preferred_username`, else e-mail address, else name. */
  readonly username: string;
  readonly displayName: string;
  readonly groups: readonly string[];
}

export interface PendingAuthorization {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

/** The protocol: discovery, authorization request, code for tokens, claims. All of it through the guarded fetch. */
export class OidcClient {
  readonly #providers: OidcProviders;
  readonly #clock: Clock;
  readonly #fetch: typeof fetch;
  readonly #known = new Map<
    string,
    { readonly config: oidc.Configuration; readonly key: string; readonly atMs: number }
  >();

  constructor(providers: OidcProviders, clock: Clock, guardedFetch: typeof fetch) {
    this.#providers = providers;
    this.#clock = clock;
    this.#fetch = guardedFetch;
  }

  /** Where the browser goes, and what must be remembered until it comes back. Throws `oidc.unreachable`. */
  async authorization(provider: ProviderRow, redirectUri: string): Promise<PendingAuthorization & { url: string }> {
    const config = await this.configuration(provider);
    const verifier = oidc.randomPKCECodeVerifier();
    const pending = { state: oidc.randomState(), nonce: oidc.randomNonce(), verifier, redirectUri };
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: provider.scopes,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
    });
    return { ...pending, url: url.href };
  }

  /** `query`: what the provider sent back. Throws `oidc.refused`, `oidc.unreachable`. */
  async person(provider: ProviderRow, pending: PendingAuthorization, query: string): Promise<ExternalPerson> {
    const config = await this.configuration(provider);
    const url = new URL(pending.redirectUri);
    url.search = query;
    try {
      const tokens = await oidc.authorizationCodeGrant(config, url, {
        pkceCodeVerifier: pending.verifier,
        expectedState: pending.state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      const idToken = tokens.claims();
      if (idToken === undefined) throw new FluxError("oidc.refused", "the provider sent no ID token");
      // Names and groups are often in the user info only. The library holds its subject to that of the ID token.
      const more =
        config.serverMetadata().userinfo_endpoint === undefined
          ? {}
          : await oidc.fetchUserInfo(config, tokens.access_token, idToken.sub);
      return personOf(provider, { ...more, ...idToken });
    } catch (cause) {
      if (cause instanceof FluxError) throw cause;
      throw new FluxError("oidc.refused", "the provider's answer was not accepted", { cause });
    }
  }

  /** Throws `oidc.unreachable`. */
  async configuration(provider: ProviderRow): Promise<oidc.Configuration> {
    const key = `${provider.updatedAt.getTime()}`;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#known.get(provider.id);
    if (known && known.key === key && nowMs - known.atMs < FRESH_MS) return known.config;
    const secret = this.#providers.clientSecret(provider);
    const issuer = new URL(provider.issuer);
    try {
      const config = await oidc.discovery(issuer, provider.clientId, undefined, authentication(secret), {
        [oidc.customFetch]: (url, options) => this.#fetch(url, options as RequestInit),
        timeout: TIMEOUT_S,
        // Saved only for a provider on this machine (OidcProviders).
        ...(issuer.protocol === "http:" ? { execute: [oidc.allowInsecureRequests] } : {}),
      });
      this.#known.set(provider.id, { config, key, atMs: nowMs });
      return config;
    } catch (cause) {
      throw new FluxError("oidc.unreachable", "the provider does not answer as one", { cause, field: "issuer" });
    }
  }
}

/** By header where the provider takes that, which is the default of the specification, else in the body. */
function authentication(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, client, body, headers) => {
    const methods = server.token_endpoint_auth_methods_supported;
    const choice = methods && !methods.includes("client_secret_basic") ? post : basic;
    choice(server, client, body, headers);
  };
}

function personOf(provider: ProviderRow, claims: Readonly<Record<string, unknown>> & { sub: string }): ExternalPerson {
  const text = (name: string): string => {
    const value = claims[name];
    return typeof value === "string" ? value.trim().slice(0, 256) : "";
  };
  const email = claims.email_verified === false ? "" : text("email");
  const username = text("preferred_username") || email || text("name") || claims.sub;
  const claim = provider.groupClaim === null ? undefined : claims[provider.groupClaim];
  const groups = (Array.isArray(claim) ? claim : [claim]).filter((group): group is string => typeof group === "string");
  return {
    subject: claims.sub.slice(0, 512),
    username,
    displayName: text("name") || username,
    groups: groups.slice(0, 1000),
  };
}
