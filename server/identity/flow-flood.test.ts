import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SignInStep, TotpSetup } from "../../shared/api/identity.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { auditEntries, authFlows } from "../db/schema/index.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { TestBrowser } from "./testkit/browser.ts";
import { totpCode } from "./testkit/totp-code.ts";

describe("a flood of begun sign-ins", () => {
  const clock = new SimulatedClock();
  let server: TestServer;
  let attacker: TestBrowser;
  beforeAll(async () => {
    server = await startTestServer({ clock });
    attacker = new TestBrowser(server, "198.51.100.66");
  });
  afterAll(() => server.close());

  const begun = () => server.database.orm.select().from(authFlows);

  it("of strangers leaves nothing behind", async () => {
    for (let i = 0; i < 400; i++) {
      expect((await attacker.call("POST", "/auth/passkey/options", {})).status).toBe(200);
    }
    expect(await begun()).toEqual([]);
    const victim = new TestBrowser(server);
    await victim.signIn("admin");
    await victim.json(200, "POST", "/mfa/totp/start", {});
    expect(await begun()).toHaveLength(1);
  });

  it("of made-up passkeys fills neither the audit log nor anybody's way in", async () => {
    const id = Buffer.from("no passkey of ours").toString("base64url");
    const response = {
      id,
      rawId: id,
      type: "public-key",
      response: { clientDataJSON: id, authenticatorData: id, signature: id },
    };
    for (let i = 0; i < 40; i++) {
      const { token } = await attacker.json<{ token: string }>(200, "POST", "/auth/passkey/options", {});
      const { code } = await attacker.refusal("POST", "/auth/passkey", { token, response });
      expect(code).toBe("passkey.refused");
    }
    await server.control.audit.flush();
    const written = await server.database.orm
      .select()
      .from(auditEntries)
      .where(eq(auditEntries.action, "auth.login_failed"));
    expect(written.length).toBeGreaterThan(0);
    expect(written.length).toBeLessThan(5);
    // From the very same address the owner of an account comes in.
    await new TestBrowser(server, attacker.ip).signIn("admin");
  });

  it("of somebody who knows one password takes that person's places alone, and not the newest", async () => {
    const admin = new TestBrowser(server);
    await admin.signIn("admin");
    await admin.json(201, "POST", "/users", { username: "mina", role: "operator", password: ADMIN_PASSWORD });
    const mina = new TestBrowser(server);
    await mina.signIn("mina");
    const setup = await mina.json<TotpSetup>(200, "POST", "/mfa/totp/start", {});
    await mina.json(200, "POST", "/mfa/totp", { token: setup.token, code: totpCode(setup.secret, clock) });
    clock.advance(millis(30_000));
    const own = await admin.json<TotpSetup>(200, "POST", "/mfa/totp/start", {});
    const steps: SignInStep[] = [];
    for (let i = 0; i < 55; i++) {
      clock.advance(millis(10));
      steps.push(await attacker.step("mina"));
    }
    const open = (await begun()).filter(({ kind }) => kind === "second-factor");
    expect(open).toHaveLength(50);
    const code = totpCode(setup.secret, clock);
    const [oldest, newest] = [steps[0], steps.at(-1)];
    expect((await mina.refusal("POST", "/auth/factor/totp", { token: oldest?.token, code })).code).toBe(
      "auth.flow_expired",
    );
    await mina.json(200, "POST", "/auth/factor/totp", { token: newest?.token, code });
    await admin.json(200, "POST", "/mfa/totp", { token: own.token, code: totpCode(own.secret, clock) });
  });
});
