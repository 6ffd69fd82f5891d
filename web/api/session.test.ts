import { describe, expect, test } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { mockUser } from "../app/testing/mock-api.ts";
import { createSessionStore, type SessionHint } from "./session.ts";

const MINUTE = 60_000;

function world() {
  const clock = new SimulatedClock();
  const calls: string[] = [];
  const server = { refresh: 200, login: 200, gate: undefined as Promise<void> | undefined, tokens: 0 };
  const hint = { value: true };
  const hintStore: SessionHint = {
    get: () => hint.value,
    set: (next) => {
      hint.value = next;
    },
  };
  const fetch = async (url: string): Promise<Response> => {
    const path = url.replace("/api/v1/auth/", "");
    calls.push(path);
    await server.gate;
    if (path === "logout") return new Response(null, { status: 204 });
    const status = path === "refresh" ? server.refresh : server.login;
    if (status === 0) throw new TypeError("Failed to fetch");
    if (status !== 200) {
      const error = { code: "auth.x", message: "no", timestamp: "", requestId: "" };
      return new Response(JSON.stringify({ success: false, error }), { status });
    }
    server.tokens += 1;
    const expiresAt = new Date(clock.utcMicros() / 1000 + 15 * MINUTE).toISOString();
    return new Response(JSON.stringify({ accessToken: `token-${server.tokens}`, expiresAt, user: mockUser() }));
  };
  const session = createSessionStore(fetch, clock, undefined, hintStore);
  /** Lets the answers that are under way arrive. */
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
  };
  return { clock, calls, server, hint, session, settle };
}

describe("the session", () => {
  test("a first visit asks the server nothing", async () => {
    const { session, calls, hint } = world();
    hint.value = false;
    await session.restore();
    expect(session.current()).toEqual({ status: "signed-out", reason: "none" });
    expect(calls).toEqual([]);
  });

  test("a reload comes back by the cookie", async () => {
    const { session } = world();
    await session.restore();
    expect(session.current().status).toBe("signed-in");
    expect(session.token()).toBe("token-1");
  });

  test("concurrent refreshes are one request", async () => {
    const { session, calls } = world();
    const tokens = await Promise.all([session.refresh(), session.refresh(), session.refresh()]);
    expect(tokens).toEqual(["token-1", "token-1", "token-1"]);
    expect(calls).toEqual(["refresh"]);
  });

  test("the token is renewed a minute before it ends, again and again, and told to the engine", async () => {
    const { session, clock, settle } = world();
    const told: string[] = [];
    session.onToken((token) => told.push(token));
    await session.signIn("admin", "x");
    clock.advance(millis(14 * MINUTE - 1));
    await settle();
    expect(told).toEqual(["token-1"]);
    clock.advance(millis(1));
    await settle();
    clock.advance(millis(14 * MINUTE));
    await settle();
    expect(told).toEqual(["token-1", "token-2", "token-3"]);
    session.close();
    expect(clock.pendingTimers).toBe(0);
  });

  test("a refused renewal ends the session as expired", async () => {
    const { session, clock, server, settle, hint } = world();
    await session.signIn("admin", "x");
    server.refresh = 401;
    clock.advance(millis(14 * MINUTE));
    await settle();
    expect(session.current()).toEqual({ status: "signed-out", reason: "expired" });
    expect(session.token()).toBeUndefined();
    expect(hint.value).toBe(false);
    expect(clock.pendingTimers).toBe(0);
  });

  test.each([0, 503, 429])("status %i is the server's trouble, not the session's end", async (status) => {
    const { session, clock, server, settle } = world();
    await session.signIn("admin", "x");
    server.refresh = status;
    clock.advance(millis(14 * MINUTE));
    await settle();
    expect(session.current().status).toBe("signed-in");
    server.refresh = 200;
    clock.advance(millis(5_000));
    await settle();
    expect(session.token()).toBe("token-2");
  });

  test("an unreachable server while restoring is said as such", async () => {
    const { session, server } = world();
    server.refresh = 0;
    await session.restore();
    expect(session.current()).toEqual({ status: "unreachable" });
  });

  test("signing in while the old cookie is being refused keeps the new session", async () => {
    const { session, server } = world();
    server.refresh = 401;
    let open: () => void = () => undefined;
    server.gate = new Promise((resolve) => {
      open = resolve;
    });
    const restoring = session.restore();
    server.gate = undefined;
    await session.signIn("admin", "x");
    open();
    await restoring;
    expect(session.current().status).toBe("signed-in");
  });

  test("signing out ends the local half even without the server", async () => {
    const { session, clock } = world();
    await session.signIn("admin", "x");
    await session.signOut();
    expect(session.current()).toEqual({ status: "signed-out", reason: "signed-out" });
    expect(session.token()).toBeUndefined();
    expect(clock.pendingTimers).toBe(0);
  });

  test("a wrong password rejects and changes nothing", async () => {
    const { session, server } = world();
    server.login = 401;
    await expect(session.signIn("admin", "wrong")).rejects.toMatchObject({ status: 401 });
    expect(session.token()).toBeUndefined();
  });
});
