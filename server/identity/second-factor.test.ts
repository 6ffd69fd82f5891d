import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SignedInSession, TotpSetup } from "../../shared/api/identity.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { recoveryCodes, totpSecrets } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { TestBrowser } from "./testkit/browser.ts";

const STEP_MS = 30_000;

describe.each(databases)("second factors, $name", (kind) => {
  let server: TestServer;
  let clock: SimulatedClock;
  let admin: TestBrowser;
  let users = 0;
  beforeAll(async () => {
    clock = new SimulatedClock();
    server = await startTestServer({ kind, clock });
    admin = new TestBrowser(server);
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    clock.advance(millis(15 * 60_000));
    await admin.signIn("admin");
  });

  const addUser = (username: string, role: string): Promise<unknown> =>
    admin.json(201, "POST", "/users", { username, role, password: ADMIN_PASSWORD });

  const code = (secret: string, shiftSteps = 0): string =>
    new TOTP({ secret: Secret.fromBase32(secret) }).generate({
      timestamp: clock.utcMicros() / 1000 + shiftSteps * STEP_MS,
    });

  /** A user with an authenticator app, whose last used code is of the step before this one. */
  async function withApp(): Promise<{ name: string; browser: TestBrowser; secret: string; codes: string[] }> {
    const name = `person${++users}`;
    await addUser(name, "operator");
    const browser = new TestBrowser(server);
    await browser.signIn(name);
    const setup = await browser.json<TotpSetup>(200, "POST", "/mfa/totp/start", {});
    const { recoveryCodes: codes = [] } = await browser.json<{ recoveryCodes?: string[] }>(200, "POST", "/mfa/totp", {
      token: setup.token,
      code: code(setup.secret),
    });
    clock.advance(millis(STEP_MS));
    return { name, browser, secret: setup.secret, codes };
  }

  it("asks for a code after the password, and opens no session before", async () => {
    const { name, secret } = await withApp();
    const browser = new TestBrowser(server);
    const step = await browser.step(name);
    expect(step).toMatchObject({ step: "second-factor", methods: ["totp", "recovery"], username: name });
    expect(browser.cookie("__Host-fluxvision_refresh")).toBeUndefined();
    const session = await browser.json<SignedInSession>(200, "POST", "/auth/factor/totp", {
      token: step.token,
      code: code(secret),
    });
    expect(session).not.toHaveProperty("recoveryCodes");
    browser.accept(session);
    const own = await browser.json<{ methods: string[]; current: boolean }[]>(200, "GET", "/sessions/own");
    expect(own.find(({ current }) => current)?.methods).toEqual(["password", "totp"]);
  });

  it("takes a code once, and none that is older", async () => {
    const { name, secret } = await withApp();
    const use = async (wanted: string): Promise<number> => {
      const browser = new TestBrowser(server);
      const { token } = await browser.step(name);
      return (await browser.call("POST", "/auth/factor/totp", { token, code: wanted })).status;
    };
    clock.advance(millis(2 * STEP_MS));
    const [late, now] = [code(secret, -1), code(secret)];
    expect(await use(now)).toBe(200);
    expect(await use(now)).toBe(401);
    expect(await use(late)).toBe(401);
    clock.advance(millis(60_000));
    // The same code at once from two places: one comes in.
    const both = await Promise.all([use(code(secret)), use(code(secret))]);
    expect(both.sort()).toEqual([200, 401]);
  });

  it("allows one step either way for clocks that are off, and no more", async () => {
    const { name, secret } = await withApp();
    const use = async (shift: number): Promise<number> => {
      const browser = new TestBrowser(server, `203.0.113.${users}`);
      const { token } = await browser.step(name);
      return (await browser.call("POST", "/auth/factor/totp", { token, code: code(secret, shift) })).status;
    };
    clock.advance(millis(10 * STEP_MS));
    expect(await use(-2)).toBe(401);
    expect(await use(2)).toBe(401);
    expect(await use(-1)).toBe(200);
    expect(await use(1)).toBe(200);
  });

  it("ends a sign-in after five wrong codes and after ten minutes", async () => {
    const { name, secret } = await withApp();
    // A device that was used before, so that only the flow's own limit counts.
    const browser = new TestBrowser(server, "203.0.113.99");
    const { token } = await browser.step(name);
    const codes = [];
    for (let i = 0; i < 5; i++) {
      codes.push((await browser.refusal("POST", "/auth/factor/recovery", { token, code: "aaaa-bbbb-cccc" })).code);
    }
    expect(codes).toEqual(Array(5).fill("auth.bad_code"));
    expect(await browser.refusal("POST", "/auth/factor/recovery", { token, code: "aaaa-bbbb-cccc" })).toEqual({
      status: 401,
      code: "auth.flow_expired",
    });
    const late = await browser.step(name);
    clock.advance(millis(10 * 60_000 + 1000));
    const tooLate = { token: late.token, code: code(secret) };
    expect((await browser.refusal("POST", "/auth/factor/totp", tooLate)).code).toBe("auth.flow_expired");
  });

  it("limits guesses of one account over all addresses, and leaves the owner's device free", async () => {
    const { name, browser: own, secret } = await withApp();
    let refused = 0;
    for (let i = 0; i < 24; i++) {
      const stranger = new TestBrowser(server, `198.51.100.${i}`);
      const { token } = await stranger.step(name);
      const { status } = await stranger.refusal("POST", "/auth/factor/totp", { token, code: "000000" });
      if (status === 429) refused++;
    }
    expect(refused).toBe(4);
    const { token } = await own.step(name);
    expect((await own.call("POST", "/auth/factor/totp", { token, code: code(secret) })).status).toBe(200);
  });

  it("gives ten recovery codes, each good once, and keeps no code", async () => {
    const { name, codes } = await withApp();
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    const [first = "", second = ""] = codes;
    const use = async (wanted: string): Promise<number> => {
      const browser = new TestBrowser(server);
      const { token } = await browser.step(name);
      return (await browser.call("POST", "/auth/factor/recovery", { token, code: wanted })).status;
    };
    expect(await use(first)).toBe(200);
    expect(await use(first)).toBe(401);
    expect(await use(second.toUpperCase().replaceAll("-", " "))).toBe(200);
    const stored = JSON.stringify(await server.database.orm.select().from(recoveryCodes));
    for (const text of codes) expect(stored).not.toContain(text);
    const secrets = await server.database.orm.select().from(totpSecrets);
    for (const { secretSealed } of secrets) expect(secretSealed).toMatch(/^aria256gcm:/);
  });

  it("renews recovery codes: the earlier ones stop working", async () => {
    const { name, browser, codes } = await withApp();
    const { recoveryCodes: fresh } = await browser.json<{ recoveryCodes: string[] }>(
      200,
      "POST",
      "/mfa/recovery-codes",
      {},
    );
    const use = async (wanted: string | undefined): Promise<number> => {
      const other = new TestBrowser(server);
      const { token } = await other.step(name);
      return (await other.call("POST", "/auth/factor/recovery", { token, code: wanted })).status;
    };
    expect(await use(codes[0])).toBe(401);
    expect(await use(fresh[0])).toBe(200);
  });

  it("wants a recent proof before factors change", async () => {
    const { browser, name, secret } = await withApp();
    clock.advance(millis(11 * 60_000));
    const refused = { status: 403, code: "auth.reauth_required" };
    expect(await browser.refusal("DELETE", "/mfa/totp")).toEqual(refused);
    expect(await browser.refusal("POST", "/mfa/recovery-codes", {})).toEqual(refused);
    expect(await browser.refusal("POST", "/mfa/passkeys/options", {})).toEqual(refused);
    const methods = await browser.json<{ methods: string[] }>(200, "GET", "/auth/reauthenticate");
    expect(methods.methods).toEqual(["password", "totp"]);
    expect((await browser.refusal("POST", "/auth/reauthenticate", { password: "wrong" })).code).toBe(
      "auth.wrong_password",
    );
    await browser.json(200, "POST", "/auth/reauthenticate", { code: code(secret) });
    await browser.json(204, "DELETE", "/mfa/totp");
    // Gone with its codes: the next sign-in asks for nothing.
    await new TestBrowser(server).signIn(name);
  });

  it("makes people whose role asks for it set a factor up at their next sign-in", async () => {
    const name = `person${++users}`;
    await addUser(name, "supervisor");
    await admin.json(200, "PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: ["supervisor"] });
    const browser = new TestBrowser(server);
    const step = await browser.step(name);
    expect(step).toMatchObject({ step: "enrol", methods: ["totp", "passkey"] });
    expect(browser.cookie("__Host-fluxvision_refresh")).toBeUndefined();
    const { token } = step;
    const setup = await browser.json<TotpSetup>(200, "POST", "/auth/enrol/totp/start", { token });
    expect(setup.uri).toContain(`otpauth://totp/FluxVision:${name}?`);
    expect(await browser.refusal("POST", "/auth/enrol/totp", { token, code: "000000" })).toMatchObject({
      code: "auth.bad_code",
    });
    const other = await new TestBrowser(server).step(name);
    const done = { token, code: code(setup.secret) };
    const session = await browser.json<SignedInSession>(200, "POST", "/auth/enrol/totp", done);
    expect(session.recoveryCodes).toHaveLength(10);
    browser.accept(session);
    expect(await browser.json(200, "GET", "/mfa")).toMatchObject({ required: true, totp: true });
    expect((await browser.refusal("DELETE", "/mfa/totp")).code).toBe("mfa.required");
    // An enrolment begun before that one may not put its own app in its place.
    const late = { token: other.token, code: "123456" };
    expect((await browser.refusal("POST", "/auth/enrol/totp", late)).code).toBe("auth.flow_expired");
    // Others are not asked.
    await addUser(`${name}x`, "operator");
    await new TestBrowser(server).signIn(`${name}x`);
    await admin.json(200, "PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: [] });
  });

  it("lets an administrator take lost factors away, which ends that user's sessions", async () => {
    const { name, browser } = await withApp();
    const { id } = (await browser.json<{ id: string }>(200, "GET", "/auth/me")) ?? {};
    await admin.json(204, "DELETE", `/users/${id}/mfa`);
    expect((await browser.refusal("GET", "/auth/me")).code).toBe("auth.session_ended");
    await new TestBrowser(server).signIn(name);
  });

  it("writes what happened to the audit, and no secret", async () => {
    const { name, codes, secret } = await withApp();
    const browser = new TestBrowser(server);
    const { token } = await browser.step(name);
    await browser.call("POST", "/auth/factor/recovery", { token, code: codes[0] });
    const { auditEntries } = await import("../db/schema/index.ts");
    const entries = (await server.database.orm.select().from(auditEntries)).filter(
      ({ actorName }) => actorName === name,
    );
    const actions = entries.map(({ action }) => action);
    for (const action of ["mfa.enrol", "mfa.recovery_used", "auth.login"]) expect(actions).toContain(action);
    const text = JSON.stringify(entries);
    for (const hidden of [secret, ...codes, token]) expect(text).not.toContain(hidden);
  });
});
