import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { OidcProvider, OidcProviderBody, SignedInSession, SignInStep } from "../../../shared/api/identity.ts";
import { authFlows, oidcProviders, users } from "../../db/schema/index.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../../testkit/test-server.ts";
import { TestBrowser } from "../testkit/browser.ts";
import { CLIENT, type RealProvider, startRealProvider } from "./testkit/real-provider.ts";

const CALLBACK = "https://vms.example/api/v1/auth/oidc/callback";

vi.setConfig({ testTimeout: 60_000 });

describe("signing in through a real OpenID provider", () => {
  let server: TestServer;
  let real: RealProvider;
  let admin: TestBrowser;
  let provider: OidcProvider;
  let body: OidcProviderBody;
  let groupId: string;

  beforeAll(async () => {
    // The package warns about its development defaults on the console.
    for (const method of ["warn", "info"] as const) vi.spyOn(console, method).mockImplementation(() => undefined);
    real = await startRealProvider(CALLBACK);
    server = await startTestServer();
    admin = new TestBrowser(server);
    await admin.signIn("admin");
    ({ id: groupId } = await admin.json<{ id: string }>(201, "POST", "/groups", { name: "Night shift" }));
    body = {
      name: "Company",
      issuer: real.issuer,
      clientId: CLIENT.id,
      clientSecret: CLIENT.secret,
      scopes: "openid profile",
      groupClaim: "groups",
      groupMap: [
        { group: "cctv-admins", roleId: "administrator", groupIds: [] },
        { group: "cctv-operators", roleId: "operator", groupIds: [groupId] },
      ],
      defaultRoleId: null,
      createUsers: true,
      mfaTrusted: false,
      enabled: true,
    };
    provider = await admin.json<OidcProvider>(201, "POST", "/identity/providers", body);
  });
  afterAll(async () => {
    await server?.close();
    await real?.close();
    vi.restoreAllMocks();
  });
  beforeEach(async () => {
    provider = await admin.json<OidcProvider>(200, "PUT", `/identity/providers/${provider.id}`, body);
    real.people.clear();
    real.people.set("sub-1", { name: "Mina Park", groups: ["cctv-operators"], preferredUsername: "mina" });
  });

  async function begin(browser: TestBrowser): Promise<string> {
    const response = await browser.call("GET", `/auth/oidc/${provider.id}/start`);
    expect(response.status).toBe(302);
    return response.headers.get("location") ?? "";
  }

  /** As far as the page that the callback sends the browser to. */
  async function comeBack(browser: TestBrowser, answer: URL): Promise<string> {
    const response = await browser.call("GET", `/auth/oidc/callback${answer.search}`);
    expect(response.status).toBe(302);
    return response.headers.get("location") ?? "";
  }

  async function signIn(browser: TestBrowser, subject: string): Promise<Response> {
    expect(await comeBack(browser, await real.visit(await begin(browser), subject))).toBe("/sign-in?oidc=done");
    return browser.call("POST", "/auth/oidc/finish", {});
  }

  it("makes an account with the roles and groups of the person's groups, and knows it the next time", async () => {
    const first = (await (await signIn(new TestBrowser(server), "sub-1")).json()) as SignedInSession;
    expect(first.user).toMatchObject({ username: "mina", displayName: "Mina Park", role: "operator" });
    expect(first.user.groups).toEqual([{ id: groupId, name: "Night shift" }]);
    const browser = new TestBrowser(server);
    const again = (await (await signIn(browser, "sub-1")).json()) as SignedInSession;
    expect(again.user.id).toBe(first.user.id);
    browser.accept(again);
    const own = await browser.json<{ methods: string[] }[]>(200, "GET", "/sessions/own");
    expect(own.map(({ methods }) => methods)).toEqual([["oidc"], ["oidc"]]);
    expect(await browser.json(200, "GET", "/profile")).toMatchObject({ hasPassword: false, providers: ["Company"] });
    // No password, then, opens it.
    expect((await new TestBrowser(server, "192.0.2.77").login("mina", "!")).status).toBe(401);
    expect((await new TestBrowser(server, "192.0.2.77").login("mina", "x")).status).toBe(401);
  });

  it("follows the person's groups at every sign-in, and leaves rights that were given here", async () => {
    const { user } = (await (await signIn(new TestBrowser(server), "sub-1")).json()) as SignedInSession;
    const mina = (await admin.json<{ grants: { roleId: string }[] }>(200, "GET", `/users/${user.id}`)).grants;
    const grants = [...mina, { roleId: "supervisor", scope: { kind: "system" } }];
    await admin.json(200, "PUT", `/users/${user.id}/grants`, { grants });
    real.people.set("sub-1", { name: "Mina Park", groups: ["cctv-admins"] });
    const promoted = (await (await signIn(new TestBrowser(server), "sub-1")).json()) as SignedInSession;
    expect(promoted.user.role).toBe("admin");
    expect(promoted.user.groups).toEqual([]);
    expect(promoted.user.grants?.map(({ roleId }) => roleId).sort()).toEqual(["administrator", "supervisor"]);
    // In no group any more: refused, whatever the account held.
    real.people.set("sub-1", { name: "Mina Park", groups: ["canteen"] });
    const refused = await signIn(new TestBrowser(server), "sub-1");
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: "oidc.not_permitted" } });
  });

  it("never takes an account over by its name", async () => {
    real.people.set("sub-2", { name: "Eve", groups: ["cctv-operators"], preferredUsername: "admin" });
    const { user } = (await (await signIn(new TestBrowser(server), "sub-2")).json()) as SignedInSession;
    expect(user).toMatchObject({ username: "admin-2", role: "operator" });
  });

  it("makes no account where that is not wanted; one that is bound signs in", async () => {
    provider = await admin.json<OidcProvider>(200, "PUT", `/identity/providers/${provider.id}`, {
      ...body,
      groupClaim: null,
      groupMap: [],
      createUsers: false,
    });
    real.people.set("sub-3", { name: "Joon", groups: [] });
    const refused = await signIn(new TestBrowser(server), "sub-3");
    expect(await refused.json()).toMatchObject({ error: { code: "oidc.no_account" } });
    await admin.json(201, "POST", "/users", { username: "joon", role: "viewer", password: ADMIN_PASSWORD });
    const joon = new TestBrowser(server);
    await joon.signIn("joon");
    const { url } = await joon.json<{ url: string }>(200, "POST", `/auth/oidc/${provider.id}/link`, {});
    expect(await comeBack(joon, await real.visit(url, "sub-3"))).toBe("/sign-in?oidc=done");
    expect((await joon.call("POST", "/auth/oidc/finish", {})).status).toBe(204);
    const { user } = (await (await signIn(new TestBrowser(server), "sub-3")).json()) as SignedInSession;
    expect(user).toMatchObject({ username: "joon", role: "viewer" });
    // Made a program's account, it is nobody's to sign in to, whoever vouches for him.
    const grants = [{ roleId: "api-only", scope: { kind: "system" } }];
    await admin.json(200, "PUT", `/users/${user.id}/grants`, { grants });
    for (const mfaTrusted of [false, true]) {
      const change = { ...body, groupClaim: null, groupMap: [], createUsers: false, mfaTrusted };
      provider = await admin.json<OidcProvider>(200, "PUT", `/identity/providers/${provider.id}`, change);
      const program = await signIn(new TestBrowser(server), "sub-3");
      expect([program.status, await program.json()]).toMatchObject([401, { error: { code: "auth.bad_credentials" } }]);
    }
  });

  it("asks for the second factor that the role needs, unless the provider is trusted with it", async () => {
    await admin.json(200, "PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: ["operator"] });
    const step = await signIn(new TestBrowser(server), "sub-1");
    expect(step.status).toBe(202);
    expect((await step.json()) as SignInStep).toMatchObject({ step: "enrol", username: "mina" });
    provider = await admin.json<OidcProvider>(200, "PUT", `/identity/providers/${provider.id}`, {
      ...body,
      mfaTrusted: true,
    });
    expect((await signIn(new TestBrowser(server), "sub-1")).status).toBe(200);
    await admin.json(200, "PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: [] });
  });

  it("gives an answer's worth only to the browser that asked, and once", async () => {
    const browser = new TestBrowser(server);
    const answer = await real.visit(await begin(browser), "sub-1");
    // Stolen, or planted in a victim's browser to sign it in as the attacker.
    const other = new TestBrowser(server);
    expect(await comeBack(other, answer)).toBe("/sign-in?oidc=auth.flow_expired");
    await begin(other);
    expect(await comeBack(other, answer)).toBe("/sign-in?oidc=oidc.refused");
    expect((await other.call("POST", "/auth/oidc/finish", {})).status).toBe(401);
    expect(await comeBack(browser, answer)).toBe("/sign-in?oidc=done");
    const cookie = browser.cookie("__Host-fluxvision_oidc");
    expect((await browser.call("POST", "/auth/oidc/finish", {})).status).toBe(200);
    const replay = { cookie: `__Host-fluxvision_oidc=${cookie}` };
    expect((await other.call("POST", "/auth/oidc/finish", {}, replay)).status).toBe(401);
  });

  it("takes no room here until the provider has named somebody", async () => {
    const rows = async () => (await server.database.orm.select().from(authFlows)).length;
    const before = await rows();
    const browsers = [1, 2, 3, 4, 5].map(() => new TestBrowser(server));
    const urls = await Promise.all(browsers.map(begin));
    expect(await rows()).toBe(before);
    const [browser, url] = [browsers[0], urls[0]];
    if (!browser || url === undefined) throw new Error("nothing begun");
    const started = browser.cookie("__Host-fluxvision_oidc") ?? "";
    const answer = await real.visit(url, "sub-1");
    // What the start gave does not finish anything.
    expect((await browser.call("POST", "/auth/oidc/finish", {})).status).toBe(401);
    expect(await comeBack(browser, answer)).toBe("/sign-in?oidc=done");
    expect(await rows()).toBe(before + 1);
    const again = await new TestBrowser(server).call("GET", `/auth/oidc/callback${answer.search}`, undefined, {
      cookie: `__Host-fluxvision_oidc=${started}`,
    });
    expect(again.headers.get("location")).toBe("/sign-in?oidc=auth.flow_expired");
    expect((await browser.call("POST", "/auth/oidc/finish", {})).status).toBe(200);
    expect(await rows()).toBe(before);
  });

  it("refuses a changed state, a foreign code and the provider's own refusal", async () => {
    const browser = new TestBrowser(server);
    const answer = await real.visit(await begin(browser), "sub-1");
    answer.searchParams.set("state", "another");
    expect(await comeBack(browser, answer)).toBe("/sign-in?oidc=oidc.refused");
    // A code of another flow: its PKCE verifier is not ours.
    const thief = new TestBrowser(server);
    const [mine, theirs] = [await begin(thief), await begin(new TestBrowser(server))];
    const stolen = await real.visit(theirs, "sub-1");
    stolen.searchParams.set("state", new URL(mine).searchParams.get("state") ?? "");
    expect(await comeBack(thief, stolen)).toBe("/sign-in?oidc=oidc.refused");
    const denied = new TestBrowser(server);
    const state = new URL(await begin(denied)).searchParams.get("state") ?? "";
    const refusal = new URL(`${CALLBACK}?error=access_denied&state=${state}&iss=${encodeURIComponent(real.issuer)}`);
    expect(await comeBack(denied, refusal)).toBe("/sign-in?oidc=oidc.refused");
  });

  it("asks for what the specifications want asked", async () => {
    const browser = new TestBrowser(server);
    const { searchParams } = new URL(await begin(browser));
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: "code",
      client_id: CLIENT.id,
      redirect_uri: CALLBACK,
      code_challenge_method: "S256",
      scope: "openid profile",
    });
    for (const name of ["state", "nonce", "code_challenge"]) {
      expect(searchParams.get(name)?.length, name).toBeGreaterThan(40);
    }
  });

  it("keeps the client secret sealed and to itself", async () => {
    const [row] = await server.database.orm.select().from(oidcProviders);
    expect(row?.clientSecretSealed).toMatch(/^aria256gcm:/);
    expect(provider.hasClientSecret).toBe(true);
    expect(JSON.stringify(provider)).not.toContain(CLIENT.secret);
    // Left out, it stays; but never for another issuer.
    const { clientSecret: _left, ...rest } = body;
    await admin.json(200, "PUT", `/identity/providers/${provider.id}`, rest);
    expect((await signIn(new TestBrowser(server), "sub-1")).status).toBe(200);
    const elsewhere = { ...rest, issuer: "https://attacker.example" };
    expect((await admin.refusal("PUT", `/identity/providers/${provider.id}`, elsewhere)).code).toBe(
      "oidc.secret_needed",
    );
  });

  it.each([
    ["http://idp.example", "oidc.bad_issuer"],
    ["https://user:pass@idp.example", "oidc.bad_issuer"],
    ["https://169.254.169.254/latest", "net.refused"],
    ["https://127.0.0.1:8443", "net.refused"],
  ])("does not take %s for an issuer", async (issuer, code) => {
    expect((await admin.refusal("POST", "/identity/providers", { ...body, name: issuer, issuer })).code).toBe(code);
  });

  it("says when a provider does not answer as one", async () => {
    real.people.clear();
    expect(await admin.json(200, "POST", `/identity/providers/${provider.id}/test`, {})).toMatchObject({
      issuer: real.issuer,
      pkce: true,
    });
    const wrong = { ...body, name: "Wrong", issuer: `${real.issuer}/nothing` };
    const { id } = await admin.json<OidcProvider>(201, "POST", "/identity/providers", wrong);
    expect((await admin.refusal("POST", `/identity/providers/${id}/test`, {})).code).toBe("oidc.unreachable");
    await admin.json(204, "DELETE", `/identity/providers/${id}`);
  });

  it("lets nobody map to rights that he does not have himself", async () => {
    const permissions = ["system.manage", "user.manage"];
    const role = await admin.json<{ id: string }>(201, "POST", "/roles", { name: "IT", permissions });
    const grants = [{ roleId: role.id, scope: { kind: "system" } }];
    await admin.json(201, "POST", "/users", { username: "it.person", password: ADMIN_PASSWORD, grants });
    const it = new TestBrowser(server);
    await it.signIn("it.person");
    const greedy = { ...body, name: "Mine" };
    expect((await it.refusal("POST", "/identity/providers", greedy)).code).toBe("access.escalation");
    expect(await server.database.orm.$count(users)).toBeGreaterThan(1);
  });
});
