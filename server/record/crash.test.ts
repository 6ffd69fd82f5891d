import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readFrame, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { SEGMENT_HEADER_BYTES } from "../../shared/wire/segment-file.ts";
import { isKeyframe } from "../fanout/frames.ts";
import type { RecorderEvent, SegmentFact } from "../ingest/protocol.ts";
import { bundleTo, tempFolder } from "../relay/testkit/start-relay-process.ts";
import { openSegmentFile } from "./segment-reader.ts";
import type { CrashSettings } from "./testkit/crash-process.ts";
import { makeFrame } from "./testkit/recording.ts";
import { MARKER_FILE } from "./volume-io.ts";

const KILLS = 50;
const volume = { id: "00000001-0000-4000-8000-000000000000", path: "", reserveBytes: 0 };
const cameraIds = [1, 2, 3].map((n) => `00000000-0000-4000-8000-00000000000${n}`);

let folder: string;
beforeAll(async () => {
  folder = tempFolder("record-crash");
  volume.path = join(folder, "volume");
  await mkdir(volume.path);
  await writeFile(join(volume.path, MARKER_FILE), volume.id);
  await bundleTo(folder, { recorder: "server/record/testkit/crash-process.ts" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Kills it after so many events, and a moment within the next flush; what it had said until then. */
async function recordAndKill(afterEvents: number, momentMs: number): Promise<SegmentFact[]> {
  const settings: CrashSettings = { cameraIds, volumes: [volume], segmentMs: 400, flushMs: 60 };
  const child: ChildProcess = spawn(process.execPath, [join(folder, "recorder.mjs"), JSON.stringify(settings)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const facts: SegmentFact[] = [];
  if (!child.stdout) throw new Error("no pipe");
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as RecorderEvent;
    expect(event.type).not.toBe("volume");
    if ("segment" in event) facts.push(event.segment);
    if (facts.length === afterEvents) setTimeout(() => child.kill("SIGKILL"), momentMs);
  }
  await exited;
  expect(child.signalCode).toBe("SIGKILL");
  return facts;
}

/** Every frame within the bytes that were promised is there, byte for byte; returns what lies behind them. */
async function verify(fact: SegmentFact): Promise<number> {
  const path = join(volume.path, fact.path);
  const bytes = await readFile(path);
  expect(bytes.byteLength).toBeGreaterThanOrEqual(fact.bytes);
  const promised = await openSegmentFile(path, fact.bytes);
  const whole = await openSegmentFile(path);
  expect(promised.header).toMatchObject({ cameraId: fact.cameraId, streamId: fact.streamId, runId: fact.runId });
  expect(promised.index).toMatchObject({ frames: fact.frames, start: fact.startMicros, end: fact.endMicros });
  expect(promised.index.keyframes).toHaveLength(fact.keyframes);
  let sequence: number | undefined;
  for (let at = SEGMENT_HEADER_BYTES; at < promised.index.dataEnd; ) {
    const frame = readFrame(bytes, at);
    if (!frame) throw new Error(`${fact.path}: half a frame at ${at}`);
    const { header } = frame;
    const made = makeFrame({ ...header, keyframe: isKeyframe(header), payload: header.length, flags: 0 });
    expect(Buffer.compare(frame.bytes, made.bytes)).toBe(0);
    expect(header.sequence).toBe(sequence === undefined ? header.sequence : sequence + 1);
    sequence = header.sequence;
    at += sealedFrameBytes(header.length);
  }
  await promised.close();
  await whole.close();
  return whole.index.frames - fact.frames;
}

describe("abuse case 18: a recorder that is killed", () => {
  it(`R2 R3: ${KILLS} times at random moments, no frame that was told is missing or changed`, async () => {
    let frames = 0;
    let files = 0;
    let unfinished = 0;
    let behind = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const facts = await recordAndKill(1 + ((kill * 13) % 40), Math.random() * 80);
      const last = new Map(facts.map((fact) => [fact.path, fact]));
      for (const fact of last.values()) {
        behind += await verify(fact);
        frames += fact.frames;
        files++;
      }
    }
    // R4, and the table of crashes: what nobody was told of is a segment, too, or too short to be one.
    for (const name of (await readdir(volume.path, { recursive: true })).filter((path) => /\/\d+-\d+/.test(path))) {
      const path = join(volume.path, name);
      const bytes = await readFile(path);
      if (bytes.byteLength < SEGMENT_HEADER_BYTES) continue;
      const segment = await openSegmentFile(path);
      if (!segment.closed) unfinished++;
      expect(segment.index.dataEnd).toBeLessThanOrEqual(bytes.byteLength);
      await segment.close();
    }
    expect(files).toBeGreaterThan(KILLS);
    expect(unfinished).toBeGreaterThan(0);
    expect(frames).toBeGreaterThan(1000);
    process.stdout.write(
      `${files} files, ${frames} frames told, ${behind} more found, ${unfinished} files unfinished\n`,
    );
  }, 300_000);
});
