import { afterAll, beforeAll, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { CameraPlaces } from "../access/camera-places.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { Principals } from "./principals.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

it("keeps who was seen lately signed in while the database is away, and nobody else", async () => {
  const clock = new SimulatedClock();
  let away = false;
  const orm = new Proxy(server.database.orm, {
    get: (target, name) => {
      if (away) throw Object.assign(new Error("away"), { code: "ECONNREFUSED" });
      return Reflect.get(target, name);
    },
  });
  const principals = new Principals(orm, clock, new CameraPlaces(() => undefined));
  const sessionOf = async (): Promise<string> => {
    const { accessToken } = await server.login("admin");
    return (await server.control.auth.verify(accessToken)).principal.sessionId;
  };
  const [seen, unseen, ended] = [await sessionOf(), await sessionOf(), await sessionOf()];
  await principals.ofSession(seen);
  await principals.ofSession(ended);
  away = true;
  principals.forgetSession(ended);
  clock.advance(millis(14 * 60_000));
  expect((await principals.ofSession(seen)).username).toBe("admin");
  for (const sessionId of [unseen, ended]) {
    await expect(principals.ofSession(sessionId)).rejects.toMatchObject({ code: "database.unavailable" });
  }
  clock.advance(millis(2 * 60_000));
  await expect(principals.ofSession(seen)).rejects.toMatchObject({ code: "database.unavailable" });
});

it("does not wait for a database that hangs", async () => {
  const clock = new SimulatedClock();
  let asked: () => void = () => undefined;
  let hangs = false;
  const orm = new Proxy(server.database.orm, {
    get: (target, name) => {
      if (!hangs) return Reflect.get(target, name);
      asked();
      const never = {
        from: () => never,
        innerJoin: () => never,
        leftJoin: () => never,
        where: () => new Promise(() => {}),
      };
      return () => never;
    },
  });
  const principals = new Principals(orm, clock, new CameraPlaces(() => undefined));
  const { accessToken } = await server.login("admin");
  const { sessionId } = (await server.control.auth.verify(accessToken)).principal;
  await principals.ofSession(sessionId);
  hangs = true;
  for (const [id, expected] of [
    [sessionId, { username: "admin" }],
    ["unseen", { code: "database.unavailable" }],
  ] as const) {
    clock.advance(millis(10_000));
    const question = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const answer = principals.ofSession(id).catch((error: unknown) => error);
    await question;
    clock.advance(millis(2_000));
    expect(await answer).toMatchObject(expected);
  }
  // Just found away: nobody who is known waits again.
  expect(await principals.ofSession(sessionId)).toMatchObject({ username: "admin" });
  expect(clock.pendingTimers).toBe(0);
});

it("sees another server's change within seconds", async () => {
  const clock = new SimulatedClock();
  const principals = new Principals(server.database.orm, clock, new CameraPlaces(() => undefined));
  const { accessToken } = await server.login("admin");
  const { sessionId } = (await server.control.auth.verify(accessToken)).principal;
  await principals.ofSession(sessionId);
  await server.control.auth.logout(sessionId);
  clock.advance(millis(5_000));
  await expect(principals.ofSession(sessionId)).rejects.toMatchObject({ code: "auth.session_ended" });
});
