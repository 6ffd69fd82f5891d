import { once } from "node:events";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ErrorBody } from "../../shared/api/schemas.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import { auditEntries } from "../db/schema/index.ts";
import { scanRange } from "../discovery/range-scan.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";

const PASSWORD = "correct horse battery";
let server: TestServer;
let admin: string;

beforeAll(async () => {
  // As installed: this machine itself is nobody's camera.
  server = await startTestServer({ outbound: new OutboundGuard({ ownPorts: () => new Set([8080, 8443]) }) });
  admin = (await server.login("admin")).accessToken;
});
afterAll(() => server.close());

const scan = (token: string, range: string, port = 554) =>
  server.call("POST", "/api/v1/discovery/scan", { token, body: { range, port } });
const codeOf = async (response: Response): Promise<string> => ((await response.json()) as ErrorBody).error.code;

describe("abuse case 9: the search for cameras as a port scanner", () => {
  it("is for those only who manage cameras on the whole system", async () => {
    const { users, cameras } = server.control;
    await cameras.create(SERVER_PRINCIPAL, { name: "Gate", group: "Seoul", url: "rtsp://10.0.0.1/" });
    const site = { kind: "place", path: "Seoul" } as const;
    const person = { password: PASSWORD };
    await users.create(SERVER_PRINCIPAL, {
      ...person,
      username: "installer",
      grants: [{ roleId: "administrator", scope: site }],
    });
    await users.create(SERVER_PRINCIPAL, {
      ...person,
      username: "watcher",
      grants: [{ roleId: "supervisor", scope: { kind: "system" } }],
    });
    for (const name of ["installer", "watcher"]) {
      const { accessToken } = await server.login(name, PASSWORD);
      for (const path of ["search", "scan", "streams"]) {
        const body = { range: "10.0.0.1", address: "10.0.0.1" };
        const answer = await server.call("POST", `/api/v1/discovery/${path}`, { token: accessToken, body });
        expect([name, path, await codeOf(answer)]).toEqual([name, path, "auth.forbidden"]);
      }
    }
  });

  it.each([
    "10.0.0.0/21",
    "0.0.0.0/0",
    "8.8.8.8",
    "203.0.113.0/24",
    "169.254.169.254",
    "127.0.0.1",
    "224.0.0.0/24",
    "10.0.0.1-10.0.9.1",
    "10.0.0.9-10.0.0.1",
    "example.com/24",
    "10.0.0.1; id",
  ])("does not knock at %s", async (range) => {
    const answer = await scan(admin, range);
    expect([answer.status, await codeOf(answer)]).toEqual([
      400,
      expect.stringMatching(/^(discovery\.bad_range|request\.invalid)$/),
    ]);
  });

  it("tells of hosts that answer RTSP, and not of other open ports", async () => {
    const other = createServer((socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"));
    other.listen(0, "127.0.0.1");
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    const guard = new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" });
    const found = await scanRange("127.0.0.1", port, { clock: systemClock(), guard }).catch(
      (error: { code: string }) => error.code,
    );
    expect(found === "discovery.bad_range" || (Array.isArray(found) && found.length === 0)).toBe(true);
    other.close();
  });

  it("leaves a row in the audit for each try, also for those that were refused", async () => {
    await scan(admin, "8.8.8.8", 22);
    const rows = await server.database.orm.select().from(auditEntries);
    const tries = rows.filter(({ action }) => action === "discovery.scan");
    expect(tries.length).toBeGreaterThan(0);
    expect(new Set(tries.map(({ outcome, actorName }) => `${outcome} ${actorName}`))).toEqual(
      new Set(["failed admin"]),
    );
    expect(JSON.stringify(tries)).toContain("8.8.8.8");
  });
});
