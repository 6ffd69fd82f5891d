import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignedInSession, SignInStep, TotpSetup } from "../../shared/api/identity.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { TestBrowser } from "./testkit/browser.ts";
import { totpCode } from "./testkit/totp-code.ts";

const GIVEN = "seven quiet lanterns by the river";
const OWN = "nine patient herons wait for rain";

describe("a password that somebody else made", () => {
  let server: TestServer;
  let clock: SimulatedClock;
  let admin: TestBrowser;
  beforeAll(async () => {
    clock = new SimulatedClock();
    server = await startTestServer({ clock });
    admin = new TestBrowser(server);
    await admin.signIn("admin");
  });
  afterAll(() => server.close());

  const addUser = (username: string, role = "operator"): Promise<{ id: string }> =>
    admin.json(201, "POST", "/users", { username, role, password: GIVEN, mustChangePassword: true });
  const choose = (browser: TestBrowser, step: SignInStep, password: string): Promise<SignedInSession> =>
    browser.json(200, "POST", "/auth/new-password", { token: step.token, password });

  it("opens nothing until its owner has chosen another one", async () => {
    await addUser("hana");
    const browser = new TestBrowser(server);
    const step = await browser.step("hana", GIVEN);
    expect(step).toMatchObject({ step: "new-password", methods: [], username: "hana" });
    expect(browser.cookie("__Host-fluxvision_refresh")).toBeUndefined();
    const refusals = [];
    for (const password of [GIVEN, "short pass", "hana hana hana hana", "qwertyuiopasdf"]) {
      const body = { token: step.token, password };
      refusals.push((await browser.refusal("POST", "/auth/new-password", body)).code);
    }
    expect(refusals).toEqual([
      "auth.password_same",
      "request.invalid",
      "auth.password_name",
      expect.stringMatching(/^auth\.password_(weak|common)$/),
    ]);
    browser.accept(await choose(browser, step, OWN));
    await browser.json(200, "GET", "/auth/me");
    // Used up; and from now on it is an account like any other.
    expect(await browser.refusal("POST", "/auth/new-password", { token: step.token, password: `${OWN} 2` })).toEqual({
      status: 401,
      code: "auth.flow_expired",
    });
    await new TestBrowser(server).signIn("hana", OWN);
    expect((await new TestBrowser(server).login("hana", GIVEN)).status).toBe(401);
  });

  it("comes after the second factor, and hands its recovery codes on", async () => {
    await addUser("sora", "supervisor");
    await admin.json(200, "PUT", "/identity/settings", { minPasswordLength: 12, mfaRoles: ["supervisor"] });
    const browser = new TestBrowser(server);
    const enrol = await browser.step("sora", GIVEN);
    expect(enrol.step).toBe("enrol");
    expect((await browser.refusal("POST", "/auth/new-password", { token: enrol.token, password: OWN })).code).toBe(
      "auth.flow_expired",
    );
    const { token } = enrol;
    const { secret } = await browser.json<TotpSetup>(200, "POST", "/auth/enrol/totp/start", { token });
    const last = await browser.json<SignInStep>(202, "POST", "/auth/enrol/totp", {
      token,
      code: totpCode(secret, clock),
    });
    expect(last.step).toBe("new-password");
    const session = await choose(browser, last, OWN);
    expect(session.recoveryCodes).toHaveLength(10);

    // Set again by an administrator: code first, then the password.
    clock.advance(millis(30_000));
    await admin.json(200, "PATCH", `/users/${session.user.id}`, { password: GIVEN, mustChangePassword: true });
    const again = await browser.step("sora", GIVEN);
    expect(again.step).toBe("second-factor");
    const code = totpCode(secret, clock);
    const step = await browser.json<SignInStep>(202, "POST", "/auth/factor/totp", { token: again.token, code });
    expect((await choose(browser, step, OWN)).recoveryCodes).toBeUndefined();
  });

  it("is forgotten when the administrator sets another one meanwhile", async () => {
    const { id } = await addUser("minho");
    const browser = new TestBrowser(server);
    const step = await browser.step("minho", GIVEN);
    await admin.json(200, "PATCH", `/users/${id}`, { password: `${GIVEN} again`, mustChangePassword: true });
    // What was given first proves nothing any more.
    expect((await browser.refusal("POST", "/auth/new-password", { token: step.token, password: OWN })).code).toBe(
      "auth.flow_expired",
    );
    expect((await browser.login("minho", OWN)).status).toBe(401);
    expect((await browser.step("minho", `${GIVEN} again`)).step).toBe("new-password");
  });

  it("does not stand in the way of who has changed it, or was never asked to", async () => {
    const { id } = await addUser("jiwoo");
    await admin.json(200, "PATCH", `/users/${id}`, { password: OWN });
    await new TestBrowser(server).signIn("jiwoo", OWN);
  });
});
