import { createECDH, randomUUID } from "node:crypto";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Camera } from "../../shared/api/schemas.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { apiTokens, users } from "../db/schema/index.ts";
import { createMatrixWorld, type MatrixWorld } from "../http/testkit/matrix-callers.ts";
import { BODY_CELLS, type BODY_CELLS as Cells, seedLists } from "../http/testkit/matrix-cells.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

let clock: SimulatedClock;
let server: TestServer;
let world: MatrixWorld;

beforeAll(async () => {
  clock = new SimulatedClock(micros(1_789_990_000_000_000));
  server = await startTestServer({ clock });
  world = await createMatrixWorld(server);
}, 120_000);
afterAll(() => server.close());

async function tokenOf(name: string): Promise<string> {
  const token = await world.callers.find((one) => one.name === name)?.token();
  if (token === undefined) throw new Error(`nobody is called ${name}`);
  return token;
}

async function codeOf(response: Response): Promise<string | undefined> {
  const text = await response.text();
  return text.startsWith("{") ? (JSON.parse(text) as { error?: { code: string } }).error?.code : undefined;
}

describe("abuse case 1: a viewer of camera A asks every route with ids of camera B", () => {
  it("learns nothing of B, and not even whether there is a B", async () => {
    const seeded = await seedLists(world);
    const token = await tokenOf("camera-viewer");
    const secrets = [...Object.values(seeded.foreign), "Foreign", "Busan"];
    const nowhere = randomUUID();
    const told: string[] = [];
    let asked = 0;
    const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
      asked++;
      return server.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    };
    for (const { method, path, policy } of server.routes) {
      if (policy.kind === "public") continue;
      for (const id of /:\w+/.test(path) ? Object.values(seeded.foreign) : [""]) {
        const at = (one: string): string => path.replace(/:\w+/g, one);
        const query =
          method === "GET" && id === "" ? `?camera=${seeded.foreign.camera}&cameras=${seeded.foreign.camera}` : "";
        const body = method === "GET" || method === "DELETE" ? undefined : {};
        const response = await ask(method, `${at(id)}${query}`, body);
        const text = (await response.text()).replaceAll(id, "");
        // What was sent comes back in a message at most.
        const leaks = secrets.filter((secret) => secret !== id && !query.includes(secret) && text.includes(secret));
        if (leaks.length > 0) told.push(`${method} ${path}: ${leaks.join(", ")}`);
        if (id === "") continue;
        // The same as for an id that nobody has.
        const none = await ask(method, at(nowhere), body);
        if (none.status !== response.status)
          told.push(`${method} ${path}: ${response.status}, ${none.status} for none`);
      }
    }
    expect(told).toEqual([]);
    expect(asked).toBeGreaterThan(200);
  }, 120_000);

  it("is refused where the id is in the body or the query", async () => {
    const token = await tokenOf("camera-viewer");
    const { id } = world.foreign;
    const open: string[] = [];
    const cells: typeof Cells = BODY_CELLS;
    for (const { method, path, body } of cells) {
      const sent = body === undefined ? {} : { body: body(id, "foreign") };
      const response = await server.call(method, path.replace("{camera}", id), { token, ...sent });
      if (response.ok) open.push(`${method} ${path}`);
    }
    expect(open).toEqual([]);
  });
});

describe("abuse case 3: an API token without a user", () => {
  it("is refused once its owner is disabled or gone, by REST and in media", async () => {
    const { id } = await server.control.users.create(SERVER_PRINCIPAL, {
      ...{ username: "owner", password: "correct horse battery" },
      grants: [{ roleId: "operator", scope: { kind: "system" } }],
    });
    const session = (await server.login("owner", "correct horse battery")).accessToken;
    const body = { name: "orphan", permissions: ["live.view"], days: 30 };
    const made = await server.call("POST", "/api/v1/tokens", { token: session, body });
    const { secret } = (await made.json()) as { secret: string };
    const get = () => server.call("GET", "/api/v1/cameras", { token: secret });
    expect((await get()).status).toBe(200);
    await server.control.users.update(SERVER_PRINCIPAL, id, { enabled: false });
    expect((await get()).status).toBe(401);
    const publicKey = createECDH("prime256v1").generateKeys("base64");
    await expect(server.control.authority.authenticate("orphan", secret, publicKey)).rejects.toThrow();
    await server.control.users.remove(SERVER_PRINCIPAL, id);
    expect((await get()).status).toBe(401);
    // Its row went with the owner: there is no token that nobody answers for.
    expect(await server.database.orm.select().from(apiTokens).where(eq(apiTokens.name, "orphan"))).toEqual([]);
    expect(await server.database.orm.select().from(users).where(eq(users.id, id))).toEqual([]);
  });
});

describe("abuse case 6: a signed address is used again, later, for something else, by somebody else", () => {
  it("opens what it was made for, until it expires, and nothing else", async () => {
    const { signedUrls, auth } = server.control;
    const { principal: by } = await auth.verify(await tokenOf("administrator"));
    const { principal: other } = await auth.verify(await tokenOf("camera-viewer"));
    const range = { startMicros: 5, endMicros: 9 };
    const ticket = signedUrls.issue(by, { purpose: "export-download", resource: "job-1", range });
    expect(await signedUrls.redeem(ticket, "export-download")).toMatchObject({ resource: "job-1", range });
    const invalid = { code: "url.invalid" };
    await expect(signedUrls.redeem(ticket, "audit-export")).rejects.toMatchObject(invalid);
    await expect(signedUrls.redeem(ticket, "export-download", other)).rejects.toMatchObject(invalid);
    for (let at = 0; at < ticket.length; at += 7) {
      const changed = `${ticket.slice(0, at)}${ticket[at] === "A" ? "B" : "A"}${ticket.slice(at + 1)}`;
      await expect(signedUrls.redeem(changed, "export-download")).rejects.toMatchObject(invalid);
    }
    const response = await server.call("GET", `/api/v1/export-download/${ticket}x`);
    expect([response.status, await codeOf(response)]).toEqual([410, "url.invalid"]);
    await clock.advance(millis(301_000));
    await expect(signedUrls.redeem(ticket, "export-download")).rejects.toMatchObject(invalid);
  });
});

describe("abuse case 7: many people at once while caches come and go", () => {
  it("crosses nobody's cameras with anybody else's", async () => {
    const names = ["north", "south", "east", "west"];
    const people = await Promise.all(
      names.map(async (name) => {
        const camera = await server.addCamera(name);
        await server.addUser(name, "viewer", [camera.id]);
        return { name, camera, token: (await server.login(name)).accessToken };
      }),
    );
    const publicKey = createECDH("prime256v1").generateKeys("base64");
    const crossed: string[] = [];
    const rounds = Array.from({ length: 50 }, (_, round) => round);
    await Promise.all(
      rounds.flatMap((round) =>
        people.map(async ({ name, camera, token }) => {
          // What is remembered of rights is thrown away all the time.
          if (round % 5 === 0) server.control.access.changes.felt("all");
          const list = (await (await server.call("GET", "/api/v1/cameras", { token })).json()) as Camera[];
          if (list.length !== 1 || list[0]?.id !== camera.id) crossed.push(`${name} lists ${JSON.stringify(list)}`);
          const connection = `${name}-${round}`;
          await server.control.authority.authenticate(connection, token, publicKey);
          const all = people.map((one) => one.camera.id);
          const { allowed, keys } = await server.control.authority.authorise(connection, all);
          if (allowed.join() !== camera.id) crossed.push(`${name} may see ${allowed.join()}`);
          for (const key of keys) if (key.cameraId !== camera.id) crossed.push(`${name} got a key of ${key.cameraId}`);
          server.control.authority.viewerClosed(connection);
        }),
      ),
    );
    expect(crossed).toEqual([]);
  }, 60_000);
});

describe("abuse case 16: a foreign page sends a request with the administrator's own token", () => {
  it("is refused by every route that changes something, and changes nothing", async () => {
    const token = await tokenOf("administrator");
    const names = async (): Promise<string[]> =>
      ((await (await server.call("GET", "/api/v1/cameras", { token })).json()) as Camera[]).map(({ name }) => name);
    const before = await names();
    const open: string[] = [];
    const changing = server.routes.filter(({ method }) => method !== "GET");
    for (const { method, path } of changing) {
      const at = path.replace(/:\w+/g, world.own.id);
      for (const headers of [
        { origin: "https://evil.example" },
        { origin: "null" },
        { "sec-fetch-site": "cross-site" },
      ]) {
        const response = await server.call(method, at, { token, headers, body: { name: "changed" } });
        const code = await codeOf(response);
        if (response.status !== 403 || code !== "request.bad_origin")
          open.push(`${method} ${path}: ${response.status}`);
        expect(response.headers.get("access-control-allow-origin")).toBeNull();
      }
    }
    expect(open).toEqual([]);
    expect(changing.length).toBeGreaterThan(60);
    expect(await names()).toEqual(before);
  });
});
