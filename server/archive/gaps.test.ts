import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asc } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { millis } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import { recordingGaps, segments } from "../db/schema/index.ts";
import type { GapFact, RecorderEvent } from "../ingest/protocol.ts";
import { type Keys, openKeys } from "../keys/open-keys.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { openSegmentFile } from "../record/segment-reader.ts";
import { CAMERA, START } from "../record/testkit/recording.ts";
import { FakeMedia } from "../testkit/fake-media.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { Archive } from "./archive.ts";
import { Schedules } from "./schedule.ts";
import { scheduledSpans } from "./stops.ts";
import { writeSegmentFile } from "./testkit/segment-file.ts";
import { timeline } from "./timeline.ts";
import { withLastingGaps } from "./timeline-lasting.ts";

const SECOND = 1_000_000;
const log = createLog("silent");

describe.each(databases)("gaps that last, $name", (kind) => {
  let database: TempDatabase;
  let keys: Keys;
  let folder: string;
  let clock: SimulatedClock;
  let media: FakeMedia;
  let archive: Archive;

  beforeEach(async () => {
    database = await kind.open();
    clock = new SimulatedClock(START);
    keys = await openKeys({ orm: database.orm, rootKey: randomBytes(32), clock, log });
    folder = await mkdtemp(join(tmpdir(), "fluxvision-gaps-"));
    await startArchive();
  });
  afterEach(async () => {
    await archive.close();
    await keys.close();
    await database.close();
    await rm(folder, { recursive: true });
  });

  async function startArchive(): Promise<void> {
    media = new FakeMedia();
    archive = await Archive.start({
      ...{ orm: database.orm, clock, log, sealer: keys.sealer, media, storageDir: folder },
      outbound: new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" }),
      cameras: () => [
        {
          ...{ id: CAMERA, name: "Gate", group: "", enabled: true, username: undefined, password: undefined },
          ...{ transport: "auto", allowUntrustedCertificate: false },
          streams: [{ streamId: 1, role: "main", url: "rtsp://10.0.0.1/" }],
        },
      ],
    });
  }

  const volume = (): string => archive.volumes.rows[0]?.id ?? "";
  const write = (startSecond: number, options: { closed?: boolean; generation?: number } = {}) =>
    writeSegmentFile(folder, volume(), { startMicros: START + startSecond * SECOND, ...options });
  const gap = (startSecond: number, endSecond: number, change: Partial<GapFact> = {}): RecorderEvent => {
    const range = { startMicros: START + startSecond * SECOND, endMicros: START + endSecond * SECOND };
    return {
      type: "gap",
      gap: {
        cameraId: CAMERA,
        streamId: 1,
        reason: "camera-offline",
        detail: undefined,
        frames: 0,
        ...range,
        ...change,
      },
    };
  };
  const rows = async () => {
    while (archive.index.waiting > 0) await archive.index.write();
    const found = await database.orm.select().from(recordingGaps).orderBy(asc(recordingGaps.startMicros));
    return found.map(({ startMicros, endMicros, reason, open }) => {
      return [(startMicros - START) / SECOND, (endMicros - START) / SECOND, reason, open];
    });
  };
  /** What the API answers, in seconds. */
  const shown = async () => {
    const range = { startMicros: START - 3600 * SECOND, endMicros: START + 7200 * SECOND, resolutionMicros: 1000 };
    const query = { cameraIds: [CAMERA], ...range, nowMicros: clock.utcMicros() };
    const answer = await timeline(database.orm, archive.index.open, query);
    const [camera] = withLastingGaps(answer, archive.gaps.current(), undefined).cameras;
    return camera?.gaps.map(({ startMicros, endMicros, reason, open = false }) => {
      return [(startMicros - START) / SECOND, (endMicros - START) / SECOND, reason, open];
    });
  };

  it("an outage is shown at once, up to now, before the database knows; it is over with its end", async () => {
    media.record(gap(10, 11, { open: true }));
    clock.advance(millis(15_000));
    expect(await shown()).toEqual([[10, 15, "camera-offline", true]]);
    expect(archive.control.state({ id: CAMERA, group: "" })).toMatchObject({
      recording: false,
      fault: "camera-offline",
    });
    // It grows in the index, so that a crash leaves it nearly whole.
    clock.advance(millis(45_000));
    expect(await rows()).toEqual([[10, 60, "camera-offline", true]]);
    media.record(gap(10, 58));
    expect(await rows()).toEqual([[10, 58, "camera-offline", false]]);
    expect(await shown()).toEqual([[10, 58, "camera-offline", false]]);
  });

  it("survives a stop: what is known ends there, the stop follows, and lasts until there is footage", async () => {
    const fact = await write(0);
    media.record({ type: "segment-closed", segment: fact }, gap(2, 3, { open: true }));
    clock.advance(millis(20_000));
    await archive.close();
    clock.advance(millis(100_000));
    await startArchive();
    expect(await rows()).toEqual([
      [2, 20, "camera-offline", false],
      [20, 120, "server-stopped", true],
    ]);
    clock.advance(millis(7000));
    expect((await shown())?.[1]).toEqual([20, 127, "server-stopped", true]);
    const segment = { ...(await write(126)), endMicros: START + 128 * SECOND };
    media.record({ type: "segment-opened", segment });
    expect((await rows())[1]).toEqual([20, 126, "server-stopped", false]);
    expect(archive.gaps.current()).toEqual([]);
  });

  it("a kill leaves what was told; footage that came after it ends it", async () => {
    media.record({ type: "segment-closed", segment: await write(0) }, gap(2, 3, { open: true }));
    while (archive.index.waiting > 0) await archive.index.write();
    // On disk, and nobody was told of it.
    await write(30, { closed: false });
    const killed = archive;
    clock.advance(millis(60_000));
    await startArchive();
    expect(await rows()).toEqual([
      [2, 30, "camera-offline", false],
      [32, 60, "server-stopped", true],
    ]);
    await killed.close();
  });

  it("the recorder's own word ends what nobody else would", async () => {
    media.record({ type: "segment-closed", segment: await write(0) });
    await archive.close();
    clock.advance(millis(100_000));
    await startArchive();
    media.record(gap(100, 111, { open: true }));
    expect(await rows()).toEqual([
      [2, 100, "server-stopped", false],
      [100, 111, "camera-offline", true],
    ]);
  });

  it("ends when nothing is to be recorded any more", async () => {
    media.record({ type: "segment-closed", segment: await write(0) });
    await archive.close();
    clock.advance(millis(50_000));
    await startArchive();
    clock.advance(millis(10_000));
    await archive.policies.put({ scope: "system", target: "system", policy: { mode: "off" } });
    archive.control.review();
    expect(await rows()).toEqual([[2, 60, "server-stopped", false]]);
  });

  it("a thread that dies: its files are closed at once, its successor's are left alone, and a gap begins", async () => {
    const told = await write(0, { closed: false, generation: 1 });
    const untold = await write(3, { closed: false, generation: 1 });
    media.record({ type: "segment-opened", segment: { ...told, endMicros: START + 1.5 * SECOND, frames: 10 } });
    clock.advance(millis(4000));
    const successors = await write(4, { closed: false, generation: 2 });
    const bytes = (await stat(join(folder, successors.path))).size;
    media.record({ type: "thread-lost", cameraIds: [CAMERA], generation: 1 });
    expect(await shown()).toEqual([[1.5, 4, "media-restarted", true]]);
    await archive.settled();
    while (archive.index.waiting > 0) await archive.index.write();
    expect(await database.orm.select().from(segments).orderBy(asc(segments.startMicros))).toMatchObject([
      { path: told.path, state: "closed", frames: 50 },
      { path: untold.path, state: "closed", frames: 50 },
    ]);
    for (const { path } of [told, untold]) {
      const file = await openSegmentFile(join(folder, path));
      expect([file.closed, file.index.frames]).toEqual([true, 50]);
      await file.close();
    }
    expect((await stat(join(folder, successors.path))).size).toBe(bytes);
    expect(archive.index.open.size).toBe(0);
    media.record({ type: "segment-opened", segment: successors });
    expect(await rows()).toEqual([[1.5, 4, "media-restarted", false]]);
  });

  it("an outage that lasts goes on when the thread dies", async () => {
    media.record(gap(1, 2, { open: true }));
    media.record({ type: "thread-lost", cameraIds: [CAMERA], generation: 1 });
    clock.advance(millis(9000));
    expect(await shown()).toEqual([[1, 9, "camera-offline", true]]);
    media.record({ type: "segment-opened", segment: await write(8) });
    expect(await rows()).toEqual([[1, 8, "camera-offline", false]]);
    await archive.settled();
  });
});

describe("a stop on a schedule", () => {
  it("is missing only what was to be recorded", () => {
    // START is a Friday, 10:00 UTC: 11:00 in Vienna. Recorded 12 to 13 o'clock each day, on Saturdays never.
    const day = `${"-".repeat(24)}cc${"-".repeat(22)}`;
    const days = Array.from({ length: 7 }, (_, at) => (at === 5 ? "-".repeat(48) : day));
    const grid = { timeZone: "Europe/Vienna", days };
    const hours = (n: number): number => START + n * 3600 * SECOND;
    const spans = scheduledSpans(new Schedules(), grid, hours(1.5), hours(49.25));
    expect(spans).toEqual([
      [hours(1.5), hours(2)],
      [hours(49), hours(49.25)],
    ]);
    // What lies further back than a month is one stretch, here with the hour after it (12 o'clock in summer).
    expect(scheduledSpans(new Schedules(), grid, hours(-24 * 40), hours(0))[0]).toEqual([hours(-960), hours(-743)]);
  });
});
