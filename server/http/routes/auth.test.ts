import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Session } from "../../../shared/api/schemas.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import { databases } from "../../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../../testkit/test-server.ts";

const MINUTE_MS = 60_000;

async function codeOf(response: Response): Promise<string> {
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe.each(databases)("signing in, $name", (kind) => {
  let server: TestServer;
  let clock: SimulatedClock;
  beforeAll(async () => {
    clock = new SimulatedClock();
    server = await startTestServer({ kind, clock });
  });
  afterAll(() => server.close());

  const refresh = (cookie: string): Promise<Response> =>
    server.call("POST", "/api/v1/auth/refresh", { headers: { cookie } });
  const me = (token: string): Promise<Response> => server.call("GET", "/api/v1/auth/me", { token });
  const cookieOf = (response: Response): string => (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "";

  it("gives a token, and a cookie that scripts cannot read", async () => {
    const response = await server.call("POST", "/api/v1/auth/login", {
      body: { username: "ADMIN", password: ADMIN_PASSWORD },
      headers: { "x-forwarded-proto": "https", "x-forwarded-for": "192.0.2.7" },
    });
    const session = (await response.json()) as Session;
    expect(session.user).toMatchObject({ username: "admin", role: "admin" });
    const cookies = response.headers.getSetCookie();
    const [cookie = ""] = cookies;
    expect(cookies).toHaveLength(2);
    for (const one of cookies) {
      // The prefix makes browsers insist on these, and on no Domain: no neighbour host can plant one.
      expect(one).toMatch(/^__Host-fluxvision_(refresh|devices)=/);
      expect(one.split("; ")).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Strict", "Secure", "Path=/"]));
      expect(one).not.toContain("Domain");
    }
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await me(session.accessToken)).status).toBe(200);
    expect(JSON.stringify(session)).not.toContain(cookie.split("=")[1]?.split(";")[0]);
  });

  it("answers alike to a wrong password and an unknown name", async () => {
    const answers = [];
    for (const [username, ip] of [
      ["admin", "192.0.2.20"],
      ["nobody", "192.0.2.21"],
    ] as const) {
      const response = await server.call("POST", "/api/v1/auth/login", {
        body: { username, password: "wrong" },
        headers: { "x-forwarded-for": ip },
      });
      const { error } = (await response.json()) as { error: { code: string; message: string } };
      answers.push([response.status, error.code, error.message]);
    }
    expect(answers[0]).toEqual([401, "auth.bad_credentials", "wrong user name or password"]);
    expect(answers[1]).toEqual(answers[0]);
  });

  it("slows an address down without locking the user out elsewhere", async () => {
    const attempt = (password: string, ip: string): Promise<Response> =>
      server.call("POST", "/api/v1/auth/login", {
        body: { username: "admin", password },
        headers: { "x-forwarded-for": ip },
      });
    for (let i = 0; i < 5; i++) expect((await attempt("wrong", "192.0.2.30")).status).toBe(401);
    const refused = await attempt(ADMIN_PASSWORD, "192.0.2.30");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await attempt(ADMIN_PASSWORD, "192.0.2.31")).status).toBe(200);
    clock.advance(millis(MINUTE_MS));
    expect((await attempt(ADMIN_PASSWORD, "192.0.2.30")).status).toBe(200);
  });

  it("counts attempts that come at once", async () => {
    const attempts = Array.from({ length: 12 }, () =>
      server.call("POST", "/api/v1/auth/login", {
        body: { username: "admin", password: "wrong" },
        headers: { "x-forwarded-for": "192.0.2.40" },
      }),
    );
    const statuses = (await Promise.all(attempts)).map((response) => response.status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(7);
  });

  it("ends the access token after 15 minutes", async () => {
    const { accessToken } = await server.login("admin");
    clock.advance(millis(15 * MINUTE_MS - 2000));
    expect((await me(accessToken)).status).toBe(200);
    clock.advance(millis(3000));
    expect(await codeOf(await me(accessToken))).toBe("auth.expired");
  });

  it("rotates the refresh cookie and ends the session when an old one comes back", async () => {
    const { cookie: first, accessToken } = await server.login("admin");
    const rotated = await refresh(first);
    expect(rotated.status).toBe(200);
    const second = cookieOf(rotated);
    expect(second).not.toBe(first);
    const { accessToken: newer } = (await rotated.json()) as Session;
    clock.advance(millis(31_000));
    const reused = await refresh(first);
    expect(await codeOf(reused)).toBe("auth.invalid_refresh");
    expect(reused.headers.get("set-cookie")).toContain("Max-Age=0");
    expect((await refresh(second)).status).toBe(401);
    expect(await codeOf(await me(accessToken))).toBe("auth.session_ended");
    expect(await codeOf(await me(newer))).toBe("auth.session_ended");
    expect(server.media.endedSessions).toHaveLength(1);
  });

  it("gives a page that asks twice, or lost its answer, the same cookie again, and goes on from there", async () => {
    const { cookie } = await server.login("admin");
    const answers = await Promise.all([refresh(cookie), refresh(cookie)]);
    clock.advance(millis(29_000));
    answers.push(await refresh(cookie));
    expect(answers.map((response) => response.status)).toEqual([200, 200, 200]);
    const [next = "", ...others] = answers.map(cookieOf);
    expect(others).toEqual([next, next]);
    const later = await refresh(next);
    expect(later.status).toBe(200);
    // Two exchanges back is a reuse at any time.
    expect((await refresh(cookie)).status).toBe(401);
    expect((await refresh(cookieOf(later))).status).toBe(401);
  });

  it("does not end a session for a token that was never given out", async () => {
    const { cookie, accessToken } = await server.login("admin");
    const [name = "", token = ""] = cookie.split("=");
    const [sessionId = "", , secret = "", mac = ""] = token.split(".");
    const invented = [
      `${sessionId}.0.${secret}.${"A".repeat(43)}`,
      `${sessionId}.7.${secret}.${mac}`,
      `${sessionId}.0.${"A".repeat(43)}.${mac}`,
      "garbage",
    ];
    for (const forged of invented) expect((await refresh(`${name}=${forged}`)).status).toBe(401);
    expect((await me(accessToken)).status).toBe(200);
    expect((await refresh(cookie)).status).toBe(200);
  });

  it("ends sessions: unused for a week, 30 days old, signed out", async () => {
    // The wall clock alone: a month of everybody's timers is no part of this.
    const later = (ms: number): void => clock.stepUtc(micros(ms * 1000));
    const idle = await server.login("admin");
    later(7 * 24 * 60 * MINUTE_MS + 1000);
    expect((await refresh(idle.cookie)).status).toBe(401);

    let { cookie } = await server.login("admin");
    for (let day = 0; day < 29; day++) {
      later(24 * 60 * MINUTE_MS);
      const response = await refresh(cookie);
      expect(response.status).toBe(200);
      cookie = cookieOf(response);
    }
    later(25 * 60 * MINUTE_MS);
    expect((await refresh(cookie)).status).toBe(401);

    const left = await server.login("admin");
    const headers = { cookie: left.cookie };
    expect((await server.call("POST", "/api/v1/auth/logout", { headers })).status).toBe(204);
    expect((await refresh(left.cookie)).status).toBe(401);
    expect(await codeOf(await me(left.accessToken))).toBe("auth.session_ended");
  });

  it("lets users change their password, which ends their other sessions only", async () => {
    await server.addUser("mina", "operator");
    const [here, there] = [await server.login("mina"), await server.login("mina")];
    const change = (currentPassword: string): Promise<Response> =>
      server.call("POST", "/api/v1/auth/password", {
        token: here.accessToken,
        body: { currentPassword, newPassword: "another long password" },
      });
    expect(await codeOf(await change("wrong"))).toBe("auth.wrong_password");
    expect((await change(ADMIN_PASSWORD)).status).toBe(204);
    expect((await me(here.accessToken)).status).toBe(200);
    expect((await me(there.accessToken)).status).toBe(401);
    await server.login("mina", "another long password");
    const statuses = [];
    for (let i = 0; i < 6; i++) statuses.push((await change("guess")).status);
    expect(statuses).toEqual([403, 403, 403, 403, 403, 429]);
  });

  it("keeps tokens good over a restart, and publishes the key that checks them", async () => {
    const response = await server.call("GET", "/.well-known/jwks.json");
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(1);
    expect(keys[0]).toMatchObject({ kty: "EC", crv: "P-256", alg: "ES256", use: "sig" });
    expect(keys[0]).not.toHaveProperty("d");
    const again = await (await import("../../auth/access-tokens.ts")).AccessTokens.open(
      server.database.orm,
      server.keys.sealer,
      clock,
    );
    expect(again.jwks).toEqual({ keys });
  });
});

describe("abuse case 17: first set-up", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ admin: false });
  });
  afterAll(() => server.close());

  it("needs the link's token, works once, and signs in", async () => {
    const status = async () => (await server.call("GET", "/api/v1/auth/status")).json();
    expect(await status()).toMatchObject({ setupRequired: true });
    const old = await server.control.setup.createToken();
    const token = await server.control.setup.createToken();
    const attempt = (text: string | undefined, username: string): Promise<Response> =>
      server.call("POST", "/api/v1/auth/setup", { body: { token: text, username, password: "a long password" } });
    for (const bad of [old, "guess", `${token}x`]) expect((await attempt(bad, "eve")).status).toBe(403);

    const results = await Promise.all([attempt(token, "first"), attempt(token, "second")]);
    expect(results.map((response) => response.status).sort()).toEqual([200, 403]);
    expect((await server.control.users.list()).map((user) => user.role)).toEqual(["admin"]);
    expect(await status()).toMatchObject({ setupRequired: false });
    expect(await server.control.setup.createToken()).toBeUndefined();
    expect(await server.control.setup.createAdmin("another password")).toBe(false);
  });
});
