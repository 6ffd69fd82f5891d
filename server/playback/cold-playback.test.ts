import { mkdtemp, readFile, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FluxError } from "../../shared/lib/errors.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros } from "../../shared/lib/time.ts";
import { writeSegmentFile } from "../archive/testkit/segment-file.ts";
import { CAMERA, START } from "../record/testkit/recording.ts";
import type { ArchiveSegment } from "../relay/protocol.ts";
import { FakeAuthority } from "../relay/testkit/fake-authority.ts";
import { Playback } from "./playback.ts";
import { Viewer } from "./testkit/viewer.ts";

const SECOND = 1_000_000;

/** An authority whose bucket is as the test says. */
class Bucket extends FakeAuthority {
  fetch: (segmentId: number, offset: number, length: number) => Promise<Uint8Array> = () =>
    Promise.reject(new Error("unset"));
  override async archiveBytes(segmentId: number, offset: number, length: number): Promise<Uint8Array> {
    return this.fetch(segmentId, offset, length);
  }
}

let folder: string;
let clock: SimulatedClock;
let authority: Bucket;
let playback: Playback;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fluxvision-cold-"));
  clock = new SimulatedClock(micros(START + 3600 * SECOND));
  authority = new Bucket();
  const tokenExpiresAtMicros = clock.utcMicros() + 900 * SECOND;
  authority.users.set("anna", { userId: "anna", sessionId: "s", cameras: new Set([CAMERA]), tokenExpiresAtMicros });
  playback = new Playback({ clock, authority, onViewerClosed: () => undefined });
});
afterEach(async () => {
  playback.close();
  await rm(folder, { recursive: true });
});

async function record(second: number, kind: "file" | "object"): Promise<ArchiveSegment & { file: string }> {
  const fact = await writeSegmentFile(folder, "v", { startMicros: START + second * SECOND });
  const file = join(folder, fact.path);
  const place = kind === "file" ? ({ kind, path: file } as const) : ({ kind, volumeId: "v", key: fact.path } as const);
  const segment = { ...fact, segmentId: second, closed: true, place };
  authority.recorded = [...authority.recorded, segment];
  return { ...segment, file };
}

async function viewer(): Promise<Viewer> {
  const line = new Viewer();
  line.handlers = playback.accept(line);
  line.say({ type: "hello", token: "anna", publicKey: "AAAA", client: "test" });
  await line.message("welcome");
  return line;
}

const read = (requestId: number, second: number) => ({
  type: "read" as const,
  requestId,
  cameraId: CAMERA,
  role: "main",
  direction: "forward",
  fromMicros: START + second * SECOND,
  toMicros: START + (second + 1) * SECOND,
  maxBytes: 10_000_000,
});

describe("footage in a bucket", () => {
  it("that hangs holds up who asked for it, and nobody else, not even the same viewer elsewhere", async () => {
    for (let n = 0; n < 20; n++) await record(n * 10, "object");
    await record(500, "file");
    authority.fetch = () => new Promise(() => undefined);
    const anna = await viewer();
    for (let n = 0; n < 20; n++) anna.say(read(n, n * 10));
    anna.say(read(99, 500));
    expect(await anna.message("end", 99)).toMatchObject({ frames: 25 });
    expect(anna.messages.filter(({ type }) => type === "end")).toHaveLength(1);
  });

  it("that cannot be reached is told, not passed over, and can be asked for again", async () => {
    const { file } = await record(0, "object");
    authority.fetch = () =>
      Promise.reject(new FluxError("storage.unreachable", "the bucket at 10.0.0.9 cannot be reached"));
    const anna = await viewer();
    anna.say(read(1, 0));
    const error = await anna.message("error", 1);
    expect(error).toMatchObject({ code: "archive.unreachable" });
    expect(JSON.stringify(error)).not.toContain("10.0.0.9");
    expect(await anna.message("end", 1)).toMatchObject({ frames: 0 });
    const bytes = await readFile(file);
    authority.fetch = async (_, offset, length) => bytes.subarray(offset, offset + length);
    anna.say(read(2, 0));
    expect(await anna.message("end", 2)).toMatchObject({ frames: 25 });
  });

  it("that was a file when it was found is read from where it is now", async () => {
    const { file } = await record(0, "file");
    const bytes = await readFile(file);
    await unlink(file);
    authority.fetch = async (_, offset, length) => bytes.subarray(offset, offset + length);
    const anna = await viewer();
    anna.say(read(1, 0));
    expect(await anna.message("end", 1)).toMatchObject({ frames: 25 });
  });
});
