import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { SegmentEntry, StorageVolume, Timeline } from "../../shared/api/recording.ts";
import type { Camera } from "../../shared/api/schemas.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { createLog } from "../core/log.ts";
import { recordingGaps, recordingRuns, segments } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { IndexBuilder, openSegmentFile } from "../record/segment-reader.ts";
import { CAMERA, makeFrame, START } from "../record/testkit/recording.ts";
import { databases } from "../testkit/temp-db.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { preferred } from "./archive-authority.ts";
import { writeIndex } from "./index-writer.ts";
import { recover } from "./recovery.ts";
import { storeOf } from "./testkit/volume-row.ts";

const SECOND = 1_000_000;
const DAY = 86_400 * SECOND;
const log = createLog("silent");

function fact(volumeId: string, change: Partial<SegmentFact> = {}): SegmentFact {
  const startMicros = change.startMicros ?? START;
  const facts = { cameraId: CAMERA, streamId: 1, role: "main", runId: randomUUID(), keyId: 1, codec: 1 } as const;
  const format = { codecString: "avc1.640028", width: 640, height: 360 };
  const counts = { bytes: 1000, frames: 250, keyframes: 10, audioFrames: 0 };
  const path = `${CAMERA}/20261120/${Math.floor(startMicros / SECOND)}-1`;
  const range = { startMicros, endMicros: startMicros + 10 * SECOND };
  return { volumeId, path, ...facts, ...format, ...counts, ...range, ...change };
}

/** A file as a recorder writes it; `closed: false`: as a crash leaves it. */
async function writeSegment(root: string, startSecond: number, options: { closed?: boolean; seconds?: number } = {}) {
  const { closed = true, seconds = 4 } = options;
  const start = START + startSecond * SECOND;
  const header = {
    cameraId: CAMERA,
    streamId: 1,
    role: "main",
    suite: 1,
    keyId: 1,
    codec: 1,
    runId: randomUUID(),
  } as const;
  const format = { codecString: "avc1.640028", width: 640, height: 360 };
  const builder = new IndexBuilder();
  const pieces: Uint8Array[] = [encodeSegmentHeader({ ...header, ...format, start: micros(start) })];
  let bytes = 256;
  for (let i = 0; i < seconds * 25; i++) {
    const frame = makeFrame({ sequence: i, captureTime: start + i * 40_000, keyframe: i % 25 === 0 });
    builder.add(frame.header, bytes);
    pieces.push(frame.bytes);
    bytes += frame.bytes.byteLength;
  }
  if (closed) pieces.push(encodeSegmentIndex(builder.finish(bytes)));
  const path = `${CAMERA}/20261120/${start / SECOND}-1`;
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), Buffer.concat(pieces));
  return { path, file: join(root, path), runId: header.runId, dataEnd: bytes };
}

describe.each(databases)("the archive, $name", (kind) => {
  let server: TestServer;
  let camera: Camera;
  let volumeId: string;
  let token: string;

  beforeAll(async () => {
    server = await startTestServer({ kind });
    camera = await server.addCamera("Gate");
    token = (await server.login("admin")).accessToken;
    volumeId = server.control.archive.volumes.rows[0]?.id ?? "";
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    const { orm } = server.database;
    await orm.delete(segments);
    await orm.delete(recordingRuns);
    await orm.delete(recordingGaps);
  });

  const get = async <T>(path: string): Promise<T> => {
    const response = await server.call("GET", `/api/v1${path}`, { token });
    expect(response.status, path).toBe(200);
    return (await response.json()) as T;
  };
  const put = (facts: readonly SegmentFact[], state: "open" | "closed" = "closed") =>
    writeIndex(
      server.database.orm,
      facts.map((segment) => ({ segment, state })),
      [],
    );

  describe("recovery", () => {
    let root: string;
    let volumes: Parameters<typeof recover>[1];
    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), "fluxvision-recover-"));
      const rows = server.control.archive.volumes.rows.map((row) => ({ ...row, location: root }));
      volumes = { rows, store: (id) => storeOf(rows, id) };
      for (const { id } of rows) await volumes.store(id).claim();
    });
    afterEach(() => rm(root, { recursive: true }));
    const run = () => recover(server.database.orm, volumes, log);
    const rows = () => server.database.orm.select().from(segments).orderBy(segments.startMicros);

    it("indexes what the index does not know, and closes what a crash left open", async () => {
      const closed = await writeSegment(root, 0);
      const torn = await writeSegment(root, 10, { closed: false });
      await truncate(torn.file, torn.dataEnd - 100);
      const report = await run();
      expect(report).toEqual({ indexed: 2, repaired: 1, removed: 0, damaged: 0, forgotten: 0, strange: 0 });
      expect(await rows()).toMatchObject([
        { path: closed.path, state: "closed", frames: 100, runId: closed.runId },
        { path: torn.path, state: "closed", frames: 99, runId: torn.runId },
      ]);
      const segment = await openSegmentFile(torn.file);
      expect(segment.closed).toBe(true);
      expect((await rows())[1]?.bytes).toBe((await stat(torn.file)).size);
      await segment.close();
      expect(await server.database.orm.$count(recordingRuns)).toBe(2);
      // A second start finds nothing to do.
      expect(await run()).toEqual({ indexed: 0, repaired: 0, removed: 0, damaged: 0, forgotten: 0, strange: 0 });
    });

    it.each([0, 1, 100, 255, 256, 300])("removes a file that ends after %i bytes: it holds no frame", async (bytes) => {
      const file = await writeSegment(root, 0, { closed: false });
      await truncate(file.file, bytes);
      expect(await run()).toMatchObject({ removed: 1, indexed: 0 });
      await expect(stat(file.file)).rejects.toThrow("ENOENT");
    });

    it("leaves alone what is none of ours", async () => {
      const strange = join(root, CAMERA, "20261120", "1795168800-9");
      await writeSegment(root, 0);
      await writeFile(strange, "somebody's notes".repeat(100));
      expect(await run()).toMatchObject({ indexed: 1, strange: 1 });
      expect(await readFile(strange, "utf8")).toContain("notes");
    });

    it("finishes deletions, forgets open rows without a file, and takes the trailer's word for a row that lagged", async () => {
      const gone = await writeSegment(root, 0);
      const lagged = await writeSegment(root, 10);
      await put([fact(volumeId, { path: gone.path })]);
      await server.database.orm.update(segments).set({ state: "deleting" });
      await put([fact(volumeId, { path: lagged.path, startMicros: START + 10 * SECOND, frames: 1 })], "open");
      await put([fact(volumeId, { path: `${CAMERA}/20261120/1-1`, startMicros: START + 20 * SECOND })], "open");
      expect(await run()).toMatchObject({ indexed: 1, forgotten: 1 });
      await expect(stat(gone.file)).rejects.toThrow("ENOENT");
      expect(await rows()).toMatchObject([{ path: lagged.path, state: "closed", frames: 100 }]);
    });
  });

  describe("timeline", () => {
    it("answers for many cameras at once: footage, gaps, events, bookmarks, locks", async () => {
      const runId = randomUUID();
      const of = { cameraId: camera.id, runId };
      await put([fact(volumeId, of), fact(volumeId, { ...of, startMicros: START + 10 * SECOND })]);
      await put([fact(volumeId, { cameraId: camera.id, startMicros: START + 60 * SECOND })]);
      const gap = { cameraId: camera.id, streamId: 1, detail: undefined, frames: 3 };
      await writeIndex(
        server.database.orm,
        [],
        [{ ...gap, startMicros: START + 20 * SECOND, endMicros: START + 60 * SECOND, reason: "camera-offline" }],
      );
      const at = { cameraId: camera.id, startMicros: START, endMicros: START + SECOND };
      for (const [path, body] of [
        ["/bookmarks", { ...at, title: "Here" }],
        ["/evidence-locks", { ...at, reason: "case" }],
        [`/cameras/${camera.id}/events`, { kind: "motion", startMicros: START, endMicros: START + SECOND }],
      ] as const) {
        expect((await server.call("POST", `/api/v1${path}`, { token, body })).status).toBeLessThan(300);
      }
      const range = `startMicros=${START}&endMicros=${START + 3600 * SECOND}`;
      const fine = await get<Timeline>(`/timeline?cameras=${camera.id}&${range}&resolutionMicros=${SECOND}`);
      expect(fine.cameras[0]).toMatchObject({
        recorded: [
          [START, START + 20 * SECOND],
          [START + 60 * SECOND, START + 70 * SECOND],
        ],
        gaps: [{ reason: "camera-offline", frames: 3 }],
        events: [{ kind: "motion", count: 1 }],
        bookmarks: [{ title: "Here" }],
        locked: [[START, START + SECOND]],
      });
      expect(fine).toMatchObject({ firstMicros: START, lastMicros: START + 70 * SECOND });
      const coarse = await get<Timeline>(`/timeline?cameras=${camera.id}&${range}&resolutionMicros=${60 * SECOND}`);
      expect(coarse.all).toEqual([[START, START + 70 * SECOND]]);
    });

    it("grows with the resolution asked for, not with what there is: a month of 64 cameras", async () => {
      const cameraIds = Array.from({ length: 64 }, () => randomUUID());
      const rows = cameraIds.flatMap((cameraId, number) =>
        // Six stretches a day, and a gap after each.
        Array.from({ length: 180 }, (_, index) => {
          const startMicros = START + index * 4 * 3600 * SECOND;
          const endMicros = startMicros + 4 * 3600 * SECOND - 30 * SECOND;
          return { id: randomUUID(), streamId: number + 1, cameraId, role: "main" as const, startMicros, endMicros };
        }),
      );
      for (let at = 0; at < rows.length; at += 2000) {
        await server.database.orm.insert(recordingRuns).values(rows.slice(at, at + 2000));
      }
      const month = { startMicros: START, endMicros: START + 30 * DAY };
      const ask = (resolutionMicros: number) =>
        get<Timeline>(
          `/timeline?cameras=${cameraIds.join(",")}&startMicros=${month.startMicros}&endMicros=${month.endMicros}&resolutionMicros=${resolutionMicros}`,
        );
      const coarse = await ask(Math.round((30 * DAY) / 1000));
      expect(coarse.cameras).toHaveLength(64);
      for (const one of coarse.cameras) expect(one.recorded).toHaveLength(1);
      const fine = await ask(SECOND);
      for (const one of fine.cameras) expect(one.recorded).toHaveLength(180);
    });

    it("marks days by the wall clock of the zone", async () => {
      // 2026-11-20 22:00 UTC is the 21st in Seoul.
      const startMicros = Date.UTC(2026, 10, 20, 22) * 1000;
      await put([fact(volumeId, { cameraId: camera.id, startMicros })]);
      const days = (zone: string) =>
        get<{ days: number[] }>(
          `/timeline/days?cameras=${camera.id}&month=2026-11&timeZone=${encodeURIComponent(zone)}`,
        );
      expect((await days("UTC")).days).toEqual([20]);
      expect((await days("Asia/Seoul")).days).toEqual([21]);
      expect((await days("America/New_York")).days).toEqual([20]);
    });
  });

  it("lists recordings by ISO time and by µs, and says what is locked", async () => {
    const startMicros = START + 7200 * SECOND;
    await put([fact(volumeId, { cameraId: camera.id, startMicros })]);
    const byIso = await get<SegmentEntry[]>(
      `/recordings?camera=${camera.id}&start=${new Date(startMicros / 1000).toISOString()}&end=${new Date(startMicros / 1000 + 5000).toISOString()}`,
    );
    expect(byIso).toMatchObject([{ frames: 250, codec: "h264", state: "closed", tier: "hot", locked: false }]);
    const lock = {
      cameraId: camera.id,
      startMicros: startMicros + SECOND,
      endMicros: startMicros + SECOND,
      reason: "x",
    };
    await server.call("POST", "/api/v1/evidence-locks", { token, body: lock });
    const byMicros = await get<SegmentEntry[]>(`/recordings?camera=${camera.id}&start=${startMicros}`);
    expect(byMicros).toMatchObject([{ locked: true }]);
    const none = await get<SegmentEntry[]>(`/recordings?camera=${camera.id}&end=${startMicros - 1}`);
    expect(none).toEqual([]);
    const wrong = await server.call("GET", `/api/v1/recordings?camera=${camera.id}&start=yesterday`, { token });
    expect(wrong.status).toBe(400);
  });

  describe("volumes", () => {
    it("are marked, refuse folders of others, and stay while recordings lie there", async () => {
      const folder = await mkdtemp(join(tmpdir(), "fluxvision-volume-"));
      const body = { name: "Second", kind: "local", tier: "hot", location: folder };
      const made = await server.call("POST", "/api/v1/storage/volumes", { token, body });
      expect(made.status).toBe(201);
      const { id, state } = (await made.json()) as StorageVolume;
      expect(state).toBe("ok");
      expect((await readFile(join(folder, ".fluxvision-volume"), "utf8")).trim()).toBe(id);
      const again = await server.call("POST", "/api/v1/storage/volumes", { token, body });
      expect(((await again.json()) as { error: { code: string } }).error.code).toBe("storage.other_volume");
      await put([fact(id, { path: "x" })]);
      expect((await server.call("DELETE", `/api/v1/storage/volumes/${id}`, { token })).status).toBe(409);
      await server.database.orm.delete(segments).where(eq(segments.volumeId, id));
      // A disk that was unmounted leaves its folder behind.
      await rm(join(folder, ".fluxvision-volume"));
      await server.control.archive.volumes.look();
      const listed = await get<StorageVolume[]>("/storage/volumes");
      expect(listed.find((volume) => volume.id === id)).toMatchObject({ state: "missing" });
      const remove = async (): Promise<string> => {
        const answer = await server.call("DELETE", `/api/v1/storage/volumes/${id}`, { token });
        return answer.status === 204 ? "" : ((await answer.json()) as { error: { code: string } }).error.code;
      };
      // A recorder may have begun a file there that no row tells of yet.
      expect(await remove()).toBe("storage.not_off");
      const off = { ...body, enabled: false };
      expect((await server.call("PUT", `/api/v1/storage/volumes/${id}`, { token, body: off })).status).toBe(200);
      expect(await remove()).toBe("storage.still_written");
      await rm(folder, { recursive: true });
      const relative = await server.call("POST", "/api/v1/storage/volumes", {
        token,
        body: { ...body, location: "data" },
      });
      expect(relative.status).toBe(400);
    });
  });
});

describe("what is recorded", () => {
  it("follows policies, manual recording, events and emergencies, and says why", async () => {
    const clock = new SimulatedClock(START);
    const server = await startTestServer({ clock });
    const camera = await server.addCamera("Gate");
    const { accessToken: token } = await server.login("admin");
    const { control } = server.control.archive;
    const of = { id: camera.id, group: "" };
    const plan = () => server.media.plans.map(({ action, preRollMs, role }) => ({ action, preRollMs, role }));
    await server.control.cameras.start();
    expect(plan()).toEqual([{ action: "record", preRollMs: 5000, role: "main" }]);
    const put = async (policy: object) => {
      const body = { scope: "camera", target: camera.id, policy };
      expect((await server.call("PUT", "/api/v1/recording/policies", { token, body })).status).toBe(200);
    };
    await put({ mode: "off" });
    expect(plan()).toEqual([]);
    await put({ mode: "event", preRollSeconds: 8, postRollSeconds: 20 });
    expect(plan()).toEqual([{ action: "standby", preRollMs: 8000, role: "main" }]);

    await server.call("POST", `/api/v1/cameras/${camera.id}/events`, { token, body: { kind: "external" } });
    expect(plan()[0]?.action).toBe("record");
    expect(control.state(of)).toMatchObject({ cause: "event", untilMicros: START + 20 * SECOND });
    clock.advance(millis(21_000));
    expect(plan()[0]?.action).toBe("standby");

    const manual = { on: true, seconds: 60 };
    await server.call("POST", `/api/v1/cameras/${camera.id}/recording/manual`, { token, body: manual });
    expect(control.state(of).cause).toBe("manual");
    clock.advance(millis(61_000));
    expect(control.state(of).cause).toBe("off");

    await put({ mode: "off" });
    await server.call("POST", "/api/v1/recording/emergency", { token, body: { on: true, reason: "alarm" } });
    expect(control.state(of)).toMatchObject({ cause: "emergency" });
    expect(plan()[0]?.action).toBe("record");
    await server.call("POST", "/api/v1/recording/emergency", { token, body: { on: false } });
    expect(plan()).toEqual([]);
    const bad = await server.call("PUT", "/api/v1/recording/policies", {
      token,
      body: { scope: "camera", target: camera.id, policy: { mode: "schedule" } },
    });
    expect(bad.status).toBe(400);
    await server.close();
  });
});

describe("which stream is played back", () => {
  const at = (role: "main" | "sub", startMicros: number, endMicros: number) => ({ role, startMicros, endMicros });
  it("is the one asked for, and the other where that is missing, in the order of the query", () => {
    const found = [at("sub", 0, 10), at("main", 10, 20), at("sub", 10, 20), at("main", 20, 30), at("sub", 30, 40)];
    const roles = (role: "main" | "sub", direction: "forward" | "backward") =>
      preferred(found, { role, direction }).map((one) => `${one.role} ${one.startMicros}`);
    expect(roles("main", "forward")).toEqual(["sub 0", "main 10", "main 20", "sub 30"]);
    expect(roles("sub", "backward")).toEqual(["sub 30", "main 20", "sub 10", "sub 0"]);
  });
});
