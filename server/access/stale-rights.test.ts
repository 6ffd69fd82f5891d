import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import type { User } from "../../shared/api/schemas.ts";
import { PasswordHasher } from "../auth/password.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";

/** Whoever asks for a change and must wait is who he is when it is made: not who he was when he asked. */

let server: TestServer;
let admin: string;
beforeAll(async () => {
  server = await startTestServer();
  admin = (await server.login("admin")).accessToken;
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => server.close());

/** The next password hash waits for its turn, as behind the sign-ins of a whole shift. */
function queueOfHashes(): { readonly waiting: Promise<void>; readonly go: () => void } {
  const hash = PasswordHasher.prototype.hash;
  let waits = (): void => undefined;
  let go = (): void => undefined;
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const turn = new Promise<void>((resolve) => {
    go = resolve;
  });
  vi.spyOn(PasswordHasher.prototype, "hash").mockImplementationOnce(async function (this: PasswordHasher, password) {
    waits();
    await turn;
    return hash.call(this, password);
  });
  return { waiting, go };
}

async function answerOf(response: Response): Promise<{ status: number; code: string | undefined }> {
  const { error } = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: error?.code };
}

const takeRights = async ({ id }: User): Promise<void> => {
  const options = { token: admin, body: { grants: [] } };
  expect((await server.call("PUT", `/api/v1/users/${id}/grants`, options)).status).toBe(200);
};
const close = async ({ id }: User): Promise<void> => {
  const options = { token: admin, body: { enabled: false } };
  expect((await server.call("PATCH", `/api/v1/users/${id}`, options)).status).toBe(200);
};
const demote = async ({ id }: User): Promise<void> => {
  const role = { name: "Front desk", description: "", permissions: ["user.manage"] };
  const made = await server.call("POST", "/api/v1/roles", { token: admin, body: role });
  const grants = [{ roleId: ((await made.json()) as { id: string }).id, scope: { kind: "system" } }];
  const options = { token: admin, body: { grants } };
  expect((await server.call("PUT", `/api/v1/users/${id}/grants`, options)).status).toBe(200);
};

it.each([
  { name: "taken", meanwhile: takeRights, answer: { status: 403, code: "auth.forbidden" } },
  { name: "narrowed", meanwhile: demote, answer: { status: 403, code: "access.escalation" } },
  { name: "closed", meanwhile: close, answer: { status: 401, code: "auth.session_ended" } },
])("an administrator who is $name while he waits makes no administrator", async ({ name, meanwhile, answer }) => {
  const bad = await server.addUser(`bad-${name}`, "admin");
  const { accessToken: token } = await server.login(bad.username);
  const queue = queueOfHashes();
  const body = { username: `shadow-${name}`, password: ADMIN_PASSWORD, role: "admin" };
  const made = server.call("POST", "/api/v1/users", { token, body });
  await queue.waiting;
  await meanwhile(bad);
  queue.go();
  expect(await answerOf(await made)).toEqual(answer);
  expect((await server.control.users.list()).map(({ username }) => username)).not.toContain(body.username);
});

it("nor does he set an administrator's password", async () => {
  const bad = await server.addUser("bad-setter", "admin");
  const other = await server.addUser("other", "admin");
  const principal = await server.control.auth.verify((await server.login(bad.username)).accessToken);
  const queue = queueOfHashes();
  const password = "a quite different staple of nine";
  const set = server.control.users.update(principal.principal, other.id, { password });
  const refused = expect(set).rejects.toMatchObject({ code: "auth.forbidden" });
  await queue.waiting;
  await takeRights(bad);
  queue.go();
  await refused;
  await server.login("other");
});
