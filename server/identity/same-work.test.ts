import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { NO_PASSWORD, PasswordHasher } from "../auth/password.ts";
import { users } from "../db/schema/index.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { TestBrowser } from "./testkit/browser.ts";

/** Whoever guesses must not learn from the work, and so from the time, which user names exist. */

let server: TestServer;
let asked = 0;

beforeAll(async () => {
  server = await startTestServer();
  await server.addUser("mina", "operator");
  const { orm } = server.database;
  const disabled = await server.addUser("joon", "operator");
  await orm.update(users).set({ enabled: false }).where(eq(users.id, disabled.id));
  const external = await server.addUser("hana", "operator");
  await orm.update(users).set({ passwordHash: NO_PASSWORD }).where(eq(users.id, external.id));
  await server.addUser("robot", "api-only");
});
afterAll(() => server?.close());
afterEach(() => {
  vi.restoreAllMocks();
});

/** Queries and hashes of one refused sign-in, in their order, and its answer. */
async function workOf(browser: TestBrowser, username: string): Promise<{ work: string[]; answer: unknown }> {
  const work: string[] = [];
  const { orm } = server.database;
  const { select } = orm;
  vi.spyOn(orm, "select").mockImplementation(((...args: Parameters<typeof select>) => {
    work.push("query");
    return Reflect.apply(select, orm, args);
  }) as typeof select);
  const { verify } = PasswordHasher.prototype;
  vi.spyOn(PasswordHasher.prototype, "verify").mockImplementation(async function (this: PasswordHasher, ...args) {
    work.push("hash");
    return Reflect.apply(verify, this, args);
  });
  const response = await browser.call("POST", "/auth/login", { username, password: "a wrong password" });
  vi.restoreAllMocks();
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { work, answer: [response.status, error.code, error.message] };
}

/** Nobody's, disabled, without a password, a program's; and the one to compare with. */
const NAMES = ["nobody", "joon", "hana", "robot", "mina"];

it.each<[string, string | undefined]>([
  ["a browser that was never here", undefined],
  ["a browser that another user has signed in with", "mina"],
])("refuses every name with the same work and the same words: %s", async (_name, user) => {
  const found = [];
  for (const name of NAMES) {
    const browser = new TestBrowser(server, `192.0.2.${++asked}`);
    if (user !== undefined) await browser.signIn(user);
    browser.token = undefined;
    found.push(await workOf(browser, name === user ? "joon" : name));
  }
  expect(found[0]?.work).toContain("hash");
  expect(found[0]?.answer).toEqual([401, "auth.bad_credentials", expect.any(String)]);
  for (const other of found) expect(other).toEqual(found[0]);
});
