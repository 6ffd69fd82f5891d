import { afterAll, beforeAll, expect, test } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { type ApiClient, addCamera, signIn } from "../../server/testkit/api.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { RecordingState, SegmentEntry, Timeline } from "../../shared/api/recording.ts";
import type { Camera } from "../../shared/api/schemas.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { until } from "../until.ts";

/** Events with their pre- and post-roll, the emergency switch, and an outage, through the real server. */

const SECOND = 1_000_000;
const PRE_ROLL = 3;
const POST_ROLL = 2;
/** A simulated camera's longest distance between keyframes: pre-roll begins with one. */
const GOP_SECONDS = 2;

let simulator: Simulator;
let server: ServerUnderTest;
let api: ApiClient;
let cameras: string[];

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 2 });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  api = await signIn(server.url);
  await policy("system", "system", { mode: "event", preRollSeconds: PRE_ROLL, postRollSeconds: POST_ROLL });
  cameras = [];
  for (const { number, name } of simulator.cameras) {
    cameras.push(await addCamera(api, name, simulator.url(number, "main"), simulator.url(number, "sub")));
  }
});
afterAll(async () => {
  await server.close();
  await simulator.close();
});

const policy = (scope: string, target: string, settings: object) =>
  api.request("PUT", "/recording/policies", { scope, target, policy: settings });
const segmentsOf = (id: string) => api.request<SegmentEntry[]>("GET", `/recordings?camera=${id}`);
const states = async () =>
  (await api.request<{ cameras: RecordingState[] }>("GET", "/recording/states")).cameras.filter(({ cameraId }) =>
    cameras.includes(cameraId),
  );
const stateOf = async (id: string) => (await states()).find(({ cameraId }) => cameraId === id);
const nowMicros = () => systemClock().utcMicros();

const first = (): string => cameras[0] ?? "";
const second = (): string => cameras[1] ?? "";

test("an event is recorded with what came before it and what follows, and nothing else is", {
  timeout: 120_000,
}, async () => {
  await until(
    () => api.request<Camera>("GET", `/cameras/${first()}`),
    ({ status }) => status?.state === "online",
  );
  // Until there is as much in memory as is to be kept.
  const filled = nowMicros() + (PRE_ROLL + GOP_SECONDS) * SECOND;
  await until(
    async () => nowMicros(),
    (now) => now > filled,
  );
  expect(await segmentsOf(first())).toEqual([]);
  expect(await stateOf(first())).toMatchObject({ recording: false, cause: "off" });

  const at = nowMicros();
  await api.request("POST", `/cameras/${first()}/events`, { kind: "motion", title: "Gate" });
  await until(
    () => stateOf(first()),
    (state) => state?.recording === true && state.cause === "event",
  );
  await until(
    () => stateOf(first()),
    (state) => state?.recording === false,
  );
  const found = await until(
    () => segmentsOf(first()),
    (list) => list.length > 0 && list.every(({ state }) => state === "closed"),
  );
  const start = Math.min(...found.map(({ startMicros }) => startMicros));
  const end = Math.max(...found.map(({ endMicros }) => endMicros));
  expect(start).toBeLessThanOrEqual(at - (PRE_ROLL - 0.5) * SECOND);
  expect(start).toBeGreaterThan(at - (PRE_ROLL + 2 * GOP_SECONDS) * SECOND);
  expect(end).toBeGreaterThanOrEqual(at + (POST_ROLL - 0.5) * SECOND);
  expect(await segmentsOf(second())).toEqual([]);
  const range = `startMicros=${at - 60 * SECOND}&endMicros=${nowMicros()}&resolutionMicros=100000`;
  const { cameras: rows } = await api.request<Timeline>("GET", `/timeline?cameras=${first()}&${range}`);
  expect(rows[0]?.events).toMatchObject([{ kind: "motion", count: 1, title: "Gate" }]);
  // One stretch, and no gap: it was not to be recorded before and after.
  expect([rows[0]?.recorded.length, rows[0]?.gaps]).toEqual([1, []]);
});

test("the emergency switch records every camera, whatever its settings, and outlives a restart", {
  timeout: 120_000,
}, async () => {
  await policy("camera", second(), { mode: "off" });
  await api.request("POST", "/recording/emergency", { on: true, reason: "fire" });
  await until(
    states,
    (all) => all.length === 2 && all.every(({ recording, cause }) => recording && cause === "emergency"),
  );
  const { dataDir, port } = server;
  await server.kill();
  server = await startServer({ dataDir, port, adminPassword: ADMIN_PASSWORD });
  api = await signIn(server.url);
  await until(
    states,
    (all) => all.length === 2 && all.every(({ recording, cause }) => recording && cause === "emergency"),
  );
  // What was recorded before the kill, and what is now.
  for (const id of cameras)
    await until(
      () => segmentsOf(id),
      (list) => list.length > 1,
    );
  await api.request("POST", "/recording/emergency", { on: false });
  await until(states, (all) => all.every(({ recording, cause }) => !recording && cause === "off"));
});

test("a camera's outage is a gap while it lasts, and ends when it comes back", { timeout: 120_000 }, async () => {
  await policy("camera", second(), { mode: "continuous" });
  await until(
    () => stateOf(second()),
    (state) => state?.recording === true,
  );
  const from = nowMicros();
  const gaps = async () => {
    const range = `startMicros=${from}&endMicros=${nowMicros() + SECOND}&resolutionMicros=1000`;
    const { cameras: rows } = await api.request<Timeline>("GET", `/timeline?cameras=${second()}&${range}`);
    return rows[0]?.gaps ?? [];
  };
  await simulator.camera(2).fault({ kind: "stall" });
  const [lasting] = await until(gaps, (list) => list.some(({ open }) => open));
  expect(lasting).toMatchObject({ reason: "camera-offline", open: true });
  expect(await stateOf(second())).toMatchObject({ recording: false, cause: "continuous", fault: "camera-offline" });
  const later = await until(gaps, ([gap]) => (gap?.endMicros ?? 0) > (lasting?.endMicros ?? 0) + SECOND);
  expect(later).toMatchObject([{ startMicros: lasting?.startMicros, open: true }]);
  simulator.camera(2).heal();
  const over = await until(gaps, (list) => list.length > 0 && list.every(({ open }) => open !== true));
  expect(over[0]).toMatchObject({ startMicros: lasting?.startMicros, reason: "camera-offline" });
  await until(
    () => stateOf(second()),
    (state) => state?.recording === true,
  );
});
