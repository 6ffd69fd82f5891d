import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, signIn } from "../../server/testkit/api.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { AccessRole, UserGroup } from "../../shared/api/access.ts";
import type { Timeline } from "../../shared/api/recording.ts";
import type { User } from "../../shared/api/schemas.ts";
import { MediaLine } from "../wall/media-line.ts";

/** Whatever takes a right away: live pictures and playback stop on connections that are open. On a real server. */

const PASSWORD = "a long enough passphrase 7";
const PLACE = { kind: "place", path: "Seoul" } as const;
let simulator: Simulator;
let server: ServerUnderTest;
let api: ApiClient;
let cameraId: string;
let stays: string;
let footageMicros: number;

vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 2, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  api = await signIn(server.url);
  const add = async (number: number, group: string): Promise<string> => {
    const id = await addCamera(api, group, simulator.url(number, "main"), simulator.url(number, "sub"));
    await api.request("PATCH", `/cameras/${id}`, { group });
    return id;
  };
  [cameraId, stays] = [await add(1, "Seoul"), await add(2, "Incheon")];
  footageMicros = await vi.waitFor(
    async () => {
      const now = Date.now() * 1000;
      const range = `startMicros=${now - 3_600_000_000}&endMicros=${now + 60_000_000}&resolutionMicros=1000000`;
      const { cameras } = await api.request<Timeline>("GET", `/timeline?cameras=${cameraId}&${range}`);
      const [start, end] = cameras[0]?.recorded[0] ?? [0, 0];
      expect(end - start).toBeGreaterThan(3_000_000);
      return start;
    },
    { timeout: 90_000, interval: 500 },
  );
}, 180_000);
afterAll(async () => {
  await server?.close();
  await simulator?.close();
});

interface Person {
  readonly id: string;
  readonly sessionToken: string;
}

let people = 0;
/** Somebody who holds a role on the place, and on the other camera for good. */
async function person(roleId: string | undefined): Promise<Person> {
  const grants = [{ roleId: "viewer", scope: { kind: "camera", cameraId: stays } }];
  const own = roleId === undefined ? [] : [{ roleId, scope: PLACE }];
  const username = `person-${++people}`;
  const { id } = await api.request<User>("POST", "/users", {
    username,
    password: PASSWORD,
    grants: [...grants, ...own],
  });
  const { session } = await signIn(server.url, username, PASSWORD);
  return { id, sessionToken: session.accessToken };
}

/** Both connections, with pictures of both cameras on the one and a read of the camera on the other. */
async function watch({ sessionToken }: Person): Promise<{ live: MediaLine; playback: MediaLine }> {
  const live = await MediaLine.open(server.url, "live", sessionToken);
  const visible = { widthPx: 640, heightPx: 360, visible: true };
  live.say({ type: "subscribe", cameras: [cameraId, stays].map((id) => ({ cameraId: id, ...visible })) });
  for (const id of [cameraId, stays]) {
    await live.until(() => live.messages.find((one) => one.type === "stream" && one.cameraId === id));
  }
  await live.until(() => (live.frames > 0 ? true : undefined));
  const playback = await MediaLine.open(server.url, "playback", sessionToken);
  read(playback, 1);
  await playback.message("source");
  await playback.message("end");
  return { live, playback };
}

function read(line: MediaLine, requestId: number): void {
  const range = { fromMicros: footageMicros, toMicros: footageMicros + 2_000_000, maxBytes: 1_000_000 };
  line.say({ type: "read", requestId, cameraId, role: "main", direction: "forward", ...range });
}

/** Takes the right away and waits for both connections' words. */
async function afterwards(
  way: string,
  { live, playback }: { live: MediaLine; playback: MediaLine },
  take: () => Promise<unknown>,
): Promise<{ live: string; playback: string }> {
  const told = Promise.all(
    [live, playback].map(async (line) => {
      const { type } = await line.message("denied", "withdrawn", "session_expired");
      return { type, atMs: performance.now() };
    }),
  );
  const askedMs = performance.now();
  await take();
  const [first, second] = await told;
  const delay = (atMs = 0): string => `${(atMs - askedMs).toFixed(0)} ms`;
  const figures = `live stops ${delay(first?.atMs)} after the request, playback ${delay(second?.atMs)}`;
  process.stdout.write(`${way}: ${figures}\n`);
  return { live: first?.type ?? "", playback: second?.type ?? "" };
}

describe("rights to a camera that end", () => {
  const ways: readonly (readonly [string, () => Promise<{ who: Person; take: () => Promise<unknown> }>])[] = [
    [
      "a grant is taken from a person",
      async () => {
        const who = await person("viewer");
        return { who, take: () => api.request("PUT", `/users/${who.id}/grants`, { grants: kept() }) };
      },
    ],
    [
      "a role loses its permissions",
      async () => {
        const body = { name: "Watch", permissions: ["live.view", "archive.view"] };
        const { id } = await api.request<AccessRole>("POST", "/roles", body);
        const permissions = ["bookmark.write"];
        return { who: await person(id), take: () => api.request("PUT", `/roles/${id}`, { ...body, permissions }) };
      },
    ],
    [
      "a person leaves a group",
      async () => {
        const { who, group } = await member("Leaves");
        return { who, take: () => api.request("PUT", `/groups/${group.id}/members`, { userIds: [] }) };
      },
    ],
    [
      "a group loses its grant",
      async () => {
        const { who, group } = await member("Loses");
        return { who, take: () => api.request("PUT", `/groups/${group.id}/grants`, { grants: [] }) };
      },
    ],
    [
      "the camera moves to another place",
      async () => ({
        who: await person("viewer"),
        take: () => api.request("PATCH", `/cameras/${cameraId}`, { group: "Busan" }),
      }),
    ],
  ];
  for (const [way, prepare] of ways) {
    test(way, async () => {
      const { who, take } = await prepare();
      const lines = await watch(who);
      const { live, playback } = lines;
      expect(await afterwards(way, lines, take)).toEqual({ live: "denied", playback: "withdrawn" });
      expect(live.messages.find(({ type }) => type === "denied")).toMatchObject({ cameraId });
      read(playback, 2);
      expect(await playback.message("denied")).toMatchObject({ requestId: 2 });
      // The connections are good for what is left.
      const frames = live.frames;
      await live.until(() => (live.frames > frames ? true : undefined));
      expect([live.closed, playback.closed]).toEqual([false, false]);
      live.close();
      playback.close();
      await api.request("PATCH", `/cameras/${cameraId}`, { group: "Seoul" });
    });
  }
});

describe("people who may not go on", () => {
  const ways: readonly (readonly [string, (who: Person) => Promise<unknown>])[] = [
    ["an account is disabled", ({ id }) => api.request("PATCH", `/users/${id}`, { enabled: false })],
    ["an account is removed", ({ id }) => api.request("DELETE", `/users/${id}`)],
    ["another password is set", ({ id }) => api.request("PATCH", `/users/${id}`, { password: `${PASSWORD} new` })],
    ["sessions are ended", ({ id }) => api.request("POST", "/sessions/end-user", { userId: id })],
  ];
  for (const [way, take] of ways) {
    test(way, async () => {
      const who = await person("viewer");
      const lines = await watch(who);
      // The camera may be taken back a moment before the session's end is told.
      await afterwards(way, lines, () => take(who));
      for (const line of [lines.live, lines.playback]) {
        await line.message("session_expired");
        await line.until(() => (line.closed ? true : undefined));
      }
    });
  }
});

function kept() {
  return [{ roleId: "viewer", scope: { kind: "camera", cameraId: stays } }];
}

async function member(name: string): Promise<{ who: Person; group: UserGroup }> {
  const who = await person(undefined);
  const group = await api.request<UserGroup>("POST", "/groups", { name });
  await api.request("PUT", `/groups/${group.id}/grants`, { grants: [{ roleId: "viewer", scope: PLACE }] });
  await api.request("PUT", `/groups/${group.id}/members`, { userIds: [who.id] });
  return { who, group };
}
