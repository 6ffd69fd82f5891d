import { randomUUID } from "node:crypto";
import { asc, eq } from "drizzle-orm";
import type { OidcProvider, OidcProviderBody } from "../../../shared/api/identity.ts";
import type { Clock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { Orm } from "../../db/database.ts";
import { isUniqueViolation } from "../../db/errors.ts";
import { oidcProviders } from "../../db/schema/index.ts";
import { toDate } from "../../db/time.ts";
import type { FieldSealer } from "../../keys/field-sealer.ts";

export const CALLBACK_PATH = "/api/v1/auth/oidc/callback";
const MAX_PROVIDERS = 20;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

export type ProviderRow = typeof oidcProviders.$inferSelect;

/** Providers of sign-in, as administrators set them up. Client secrets go in and never come out. */
export class OidcProviders {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #sealer: FieldSealer;
  /** Throws `net.refused`, `net.bad_url` for an address that the server must not fetch. */
  readonly #checkUrl: (url: string) => unknown;

  constructor(orm: Orm, clock: Clock, sealer: FieldSealer, checkUrl: (url: string) => unknown) {
    this.#orm = orm;
    this.#clock = clock;
    this.#sealer = sealer;
    this.#checkUrl = checkUrl;
  }

  async list(): Promise<OidcProvider[]> {
    return (await this.#orm.select().from(oidcProviders).orderBy(asc(oidcProviders.name))).map(toBody);
  }

  /** For the sign-in page. */
  async enabled(): Promise<{ id: string; name: string }[]> {
    const { id, name } = oidcProviders;
    return this.#orm.select({ id, name }).from(oidcProviders).where(eq(oidcProviders.enabled, true)).orderBy(asc(name));
  }

  /** Throws `oidc.not_found`. */
  async row(id: string): Promise<ProviderRow> {
    const [row] = await this.#orm.select().from(oidcProviders).where(eq(oidcProviders.id, id));
    if (!row) throw new FluxError("oidc.not_found", "there is no such provider");
    return row;
  }

  clientSecret({ id, clientSecretSealed }: ProviderRow): string | undefined {
    return clientSecretSealed === null ? undefined : this.#sealer.open(context(id), clientSecretSealed);
  }

  /** `id`: of a provider that is brought back. Throws `oidc.bad_issuer`, `oidc.exists`, `oidc.too_many`, `net.refused`. */
  async create(body: OidcProviderBody, id: string = randomUUID()): Promise<OidcProvider> {
    if ((await this.list()).length >= MAX_PROVIDERS) {
      throw new FluxError("oidc.too_many", `no more than ${MAX_PROVIDERS} providers`);
    }
    const now = toDate(this.#clock.utcMicros());
    const { clientSecret, ...plain } = body;
    const clientSecretSealed = clientSecret ? this.#sealer.seal(context(id), clientSecret) : null;
    this.#checkIssuer(body.issuer);
    return this.#unique(async () => {
      const values = { id, ...cleaned(plain), clientSecretSealed, createdAt: now, updatedAt: now };
      return this.#orm.insert(oidcProviders).values(values).returning();
    });
  }

  /** Throws `oidc.not_found` and what `create` throws. */
  async update(id: string, body: OidcProviderBody): Promise<OidcProvider> {
    const { clientSecret, ...plain } = body;
    const before = await this.row(id);
    // A secret is for one issuer: whoever changes the address must not have it sent there.
    if (clientSecret === undefined && before.clientSecretSealed !== null && before.issuer !== body.issuer) {
      throw new FluxError("oidc.secret_needed", "a new issuer needs the client secret again", {
        field: "clientSecret",
      });
    }
    this.#checkIssuer(body.issuer);
    const secret =
      clientSecret === undefined
        ? {}
        : { clientSecretSealed: clientSecret === null ? null : this.#sealer.seal(context(id), clientSecret) };
    const set = { ...cleaned(plain), ...secret, updatedAt: toDate(this.#clock.utcMicros()) };
    return this.#unique(() => this.#orm.update(oidcProviders).set(set).where(eq(oidcProviders.id, id)).returning());
  }

  /** Accounts stay; they can no longer sign in this way. Throws `oidc.not_found`. */
  async remove(id: string): Promise<void> {
    const gone = await this.#orm.delete(oidcProviders).where(eq(oidcProviders.id, id)).returning();
    if (gone.length === 0) throw new FluxError("oidc.not_found", "there is no such provider");
  }

  /** Without TLS anybody on the way could sign in as anyone; only a provider on this very machine may do without. */
  #checkIssuer(issuer: string): void {
    const url = new URL(issuer);
    if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
      throw new FluxError("oidc.bad_issuer", "the issuer must be a https address", { field: "issuer" });
    }
    if (url.username !== "" || url.search !== "" || url.hash !== "") {
      throw new FluxError("oidc.bad_issuer", "the issuer must be a plain address", { field: "issuer" });
    }
    this.#checkUrl(issuer);
  }

  async #unique(write: () => Promise<ProviderRow[]>): Promise<OidcProvider> {
    try {
      const [row] = await write();
      if (!row) throw new FluxError("oidc.not_found", "there is no such provider");
      return toBody(row);
    } catch (cause) {
      if (!isUniqueViolation(cause)) throw cause;
      throw new FluxError("oidc.exists", "there is a provider of that name", { cause, field: "name" });
    }
  }
}

function cleaned(body: Omit<OidcProviderBody, "clientSecret">) {
  const scopes = [...new Set(["openid", ...body.scopes.split(" ")])].join(" ");
  return { ...body, scopes };
}

function toBody(row: ProviderRow): OidcProvider {
  const { clientSecretSealed, createdAt: _created, updatedAt: _updated, ...plain } = row;
  return { ...plain, hasClientSecret: clientSecretSealed !== null, callbackPath: CALLBACK_PATH };
}

function context(id: string): string {
  return `oidc_providers.client_secret_sealed|${id}`;
}
