import { stat } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { FLAG, readHeader } from "../../shared/wire/sealed-frame.ts";
import { openSegmentFile } from "./segment-reader.ts";
import { CAMERA, FORMAT, Recording, START } from "./testkit/recording.ts";

let recording: Recording;
afterEach(() => recording.close());

const sequences = (frames: readonly Uint8Array[]): number[] => frames.map((bytes) => readHeader(bytes).sequence);
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("recording", () => {
  it("keeps every frame byte for byte, cuts at keyframes, and closes with an index", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(25);
    await recording.recorder.close();
    const { frames, files, closed } = await recording.stored();
    expect(frames).toEqual(recording.sent.map(({ bytes }) => bytes));
    expect(closed).toEqual([true, true, true]);
    expect(files[0]).toMatch(new RegExp(`/${CAMERA}/20261120/${START / 1e6}-1$`));
    expect((await stat(files[0] ?? "")).mode & 0o777).toBe(0o600);
    const facts = recording.closed();
    expect(facts.map(({ frames: count }) => count)).toEqual([250, 250, 125]);
    expect(new Set(facts.map(({ runId }) => runId)).size).toBe(1);
    expect(facts[1]?.startMicros).toBe(facts[0]?.endMicros);
    expect(recording.gaps()).toEqual([]);
    for (const [index, file] of files.entries()) {
      const segment = await openSegmentFile(file);
      expect(segment.header).toMatchObject({
        cameraId: CAMERA,
        streamId: 1,
        role: "main",
        codecString: FORMAT.codecString,
      });
      expect(segment.index.frames).toBe(facts[index]?.frames);
      for (const { offset, captureTime } of segment.index.keyframes) {
        const header = readHeader(await segment.readAt(offset, 72));
        expect(header).toMatchObject({ captureTime });
        expect(header.flags & FLAG.keyframe).toBe(FLAG.keyframe);
      }
      expect((await stat(file)).size).toBe(facts[index]?.bytes);
      await segment.close();
    }
  });

  it("promises only what is on disk, at most a second late (R3)", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(3);
    const told = recording.events.flatMap((event) => ("segment" in event ? event : []));
    expect(told.map(({ type }) => type)).toEqual(["segment-opened", "segment-grown", "segment-grown"]);
    for (const { segment } of told) {
      const file = await openSegmentFile(join(recording.volumes[0]?.path ?? "", segment.path), segment.bytes);
      expect(file.index).toMatchObject({ frames: segment.frames, end: segment.endMicros, dataEnd: segment.bytes });
      await file.close();
    }
    expect(told.at(-1)?.segment.frames).toBeGreaterThanOrEqual(75 - 25);
  });

  it("begins a new file with the day, the format and a codec change", async () => {
    recording = await Recording.start();
    recording.begin({ segmentMs: 3_600_000 });
    await recording.run(2);
    recording.recorder.setFormat(1, { ...FORMAT, width: 1280 });
    await recording.run(2);
    await recording.run(2, (index) => (index === 0 ? { flags: FLAG.codecChange } : {}));
    recording.clock.stepUtc((14 * 3600 * 1e6 - 6e6 - 1e6) as never);
    await recording.run(2);
    await recording.recorder.close();
    expect(recording.closed().map(({ frames, width }) => [frames, width])).toEqual([
      [50, 640],
      [50, 1280],
      [50, 1280],
      [25, 1280],
      [25, 1280],
    ]);
    const days = recording.closed().map(({ path }) => path.split("/")[1]);
    expect(days).toEqual(["20261120", "20261120", "20261120", "20261120", "20261121"]);
  });

  it("writes no audio where the plan wants none, and calls that no gap", async () => {
    recording = await Recording.start();
    recording.begin({ audio: false });
    await recording.run(2, (index) => (index % 5 === 3 ? { flags: FLAG.audio } : {}));
    await recording.recorder.close();
    expect(recording.closed()[0]).toMatchObject({ frames: 40, audioFrames: 0 });
    expect(recording.gaps()).toEqual([]);
  });
});

describe("gaps (R8)", () => {
  it("names single lost frames, and goes on in the same run", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(1.2);
    recording.skip(3);
    await recording.run(2);
    await recording.recorder.close();
    expect(recording.gaps()).toMatchObject([{ reason: "frames-lost", frames: 3 }]);
    expect(new Set(recording.closed().map(({ runId }) => runId)).size).toBe(1);
  });

  it("names pictures that were lost before they were sealed, by the frame that follows them", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(2);
    const lost = recording.now;
    await recording.pass(600);
    await recording.run(2, (index) => (index === 0 ? { flags: FLAG.discontinuity } : {}));
    // A break in the timestamps alone loses nothing.
    await recording.run(2, (index) => (index === 0 ? { flags: FLAG.discontinuity } : {}));
    await recording.recorder.close();
    const range = { startMicros: lost, endMicros: lost + 600_000 };
    expect(recording.gaps()).toMatchObject([{ reason: "frames-lost", ...range }]);
    expect(new Set(recording.closed().map(({ runId }) => runId)).size).toBe(1);
  });

  it("names the time while the camera was away", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(2);
    recording.recorder.interrupted(1, "camera-offline", "connection lost");
    await recording.pass(7000);
    await recording.run(2);
    await recording.recorder.close();
    const [gap] = recording.gaps();
    expect(gap).toMatchObject({ reason: "camera-offline", detail: "connection lost" });
    expect(gap?.startMicros).toBe(recording.closed()[0]?.endMicros);
    expect(gap?.endMicros).toBe(recording.closed()[1]?.startMicros);
    expect(new Set(recording.closed().map(({ runId }) => runId)).size).toBe(2);
  });

  it("tells a gap while it lasts, once, and its end with the first picture", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(2);
    recording.recorder.interrupted(1, "camera-offline", "connection lost");
    await recording.pass(1000);
    const [lasting] = recording.lastingGaps();
    expect(lasting).toMatchObject({ reason: "camera-offline", detail: "connection lost", endMicros: recording.now });
    expect([recording.recorder.wants(1), recording.gaps()]).toEqual([true, []]);
    const states = () => recording.events.flatMap((event) => (event.type === "recording" ? event.recording : []));
    expect(states()).toEqual([true, false]);
    await recording.pass(60_000);
    // Another cause does not change what was told.
    recording.recorder.interrupted(1, "no-key");
    await recording.pass(2000);
    expect(recording.lastingGaps()).toHaveLength(1);
    const back = recording.now;
    await recording.run(2);
    const { startMicros, reason } = lasting ?? {};
    expect(recording.gaps()).toMatchObject([{ startMicros, reason, endMicros: back }]);
    expect(states()).toEqual([true, false, true]);
  });

  it("tells a camera that is silent without a word after two seconds, a new one after ten", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.pass(9000);
    expect(recording.lastingGaps()).toEqual([]);
    await recording.pass(3000);
    expect(recording.lastingGaps()).toMatchObject([{ reason: "camera-offline" }]);
    await recording.run(2);
    await recording.pass(1500);
    expect(recording.lastingGaps()).toHaveLength(1);
    await recording.pass(2500);
    expect(recording.lastingGaps()).toHaveLength(2);
    await recording.recorder.close();
    expect(recording.gaps()).toHaveLength(2);
  });

  it("names what is still missing when recording ends", async () => {
    recording = await Recording.start();
    recording.begin();
    await recording.run(2);
    await recording.pass(8000);
    await recording.recorder.close();
    expect(recording.gaps()).toMatchObject([{ reason: "camera-offline", endMicros: recording.now }]);
  });

  it.each([
    ["forward", 60_000_000],
    ["back", -60_000_000],
  ])("a clock that is set %s begins a new file and run", async (_, step) => {
    recording = await Recording.start();
    recording.begin({ segmentMs: 3_600_000 });
    let pts = 0;
    const frame = (): { pts: number } => {
      pts += 40_000;
      return { pts };
    };
    await recording.run(2, frame);
    recording.clock.stepUtc(step as never);
    await recording.run(2, frame);
    await recording.recorder.close();
    const [first, second] = recording.closed();
    expect([first?.frames, second?.frames]).toEqual([50, 50]);
    expect(first?.runId).not.toBe(second?.runId);
    expect(recording.gaps()).toMatchObject([{ reason: "clock-step" }]);
    const { frames } = await recording.stored();
    expect(frames).toHaveLength(100);
  });

  it("says so when memory runs out, and goes on with the next keyframe", async () => {
    recording = await Recording.start({ memoryBytes: 300 * 1024 });
    recording.begin();
    await recording.run(2);
    await recording.run(1, () => ({ payload: 100_000 }));
    await recording.run(3);
    await recording.recorder.close();
    expect(recording.gaps()).toMatchObject([{ reason: "recorder-overflow" }]);
    const { frames } = await recording.stored();
    const lost = recording.gaps()[0]?.frames ?? 0;
    expect(frames.length + lost).toBe(recording.sent.length);
    expect(sequences(frames).slice(-75)).toEqual(from(75, 149));
  });
});

describe("standby", () => {
  it("keeps the last seconds in whole GOPs, and a recording begins with them", async () => {
    recording = await Recording.start();
    recording.begin({ action: "standby", preRollMs: 3000 });
    await recording.run(12);
    expect((await recording.stored()).files).toEqual([]);
    recording.begin();
    await recording.run(2);
    recording.begin({ action: "standby" });
    await recording.run(2);
    await recording.recorder.close();
    const stored = sequences((await recording.stored()).frames);
    // 12 s are frames 0 to 299; three seconds before that is 225, the keyframe at or before it too.
    expect(stored).toEqual(from(200, 349));
    expect(recording.gaps()).toEqual([]);
  });
});

describe("a volume that fails", () => {
  const named = (): number => recording.gaps().reduce((sum, gap) => sum + gap.frames, 0);

  it.each([
    ["ENOSPC", "full", "storage-full"],
    ["EIO", "failed", "storage-failed"],
    ["EROFS", "read-only", "storage-failed"],
    ["ENOENT", "missing", "storage-failed"],
  ])("with %s is left for the next at once, and returned to", async (code, state, reason) => {
    recording = await Recording.start({ volumes: 2 });
    recording.begin({ segmentMs: 3_600_000 });
    await recording.run(3.4);
    recording.io.faults.set(recording.volumes[0]?.path ?? "", code);
    await recording.run(5);
    expect(recording.volumeStates()).toEqual([`0 ${state}`]);
    recording.io.resume();
    await recording.run(12);
    await recording.recorder.close();
    expect(recording.volumeStates()).toEqual([`0 ${state}`, "0 ok"]);
    expect(recording.closed().map(({ volumeId }) => volumeId.slice(7, 8))).toEqual(["0", "1", "0"]);
    for (const gap of recording.gaps()) expect(gap.reason).toBe(reason);
    const stored = new Set(sequences((await recording.stored()).frames));
    const lost = recording.sent.filter(({ header }) => !stored.has(header.sequence)).length;
    // What was not flushed, and the GOP that it needs, went to the other volume.
    expect([lost, named()]).toEqual([0, 0]);
    expect(recording.events.filter(({ type }) => type === "segment-opened")).toHaveLength(3);
  });

  it("that is nearly full is left at a keyframe, without a loss", async () => {
    recording = await Recording.start({ volumes: 2 });
    recording.begin({ segmentMs: 3_600_000 });
    await recording.run(3);
    recording.io.free = 10;
    await recording.run(6);
    recording.io.free = 1e12;
    await recording.run(8);
    await recording.recorder.close();
    expect(recording.gaps().filter(({ reason }) => reason !== "storage-full")).toEqual([]);
    const stored = sequences((await recording.stored()).frames);
    const lost = recording.sent.length - stored.length;
    expect(lost).toBe(named());
  });

  it("that hangs is left after 5 s, with nothing lost that memory held", async () => {
    recording = await Recording.start({ volumes: 2 });
    recording.begin({ segmentMs: 3_600_000 });
    await recording.run(3);
    recording.io.faults.set(recording.volumes[0]?.path ?? "", "hang");
    for (let i = 0; i < 12 * 25; i++) {
      recording.send();
      await recording.passHanging(40);
    }
    expect(recording.volumeStates()).toEqual(["0 slow"]);
    recording.io.resume();
    await recording.run(4);
    await recording.recorder.close();
    const stored = new Set(sequences((await recording.stored()).frames));
    const lost = recording.sent.filter(({ header }) => !stored.has(header.sequence)).length;
    expect([lost, named()]).toEqual([0, 0]);
  });

  it("and has no other is waited for: what is lost is named, and recording goes on", async () => {
    recording = await Recording.start();
    recording.begin({ segmentMs: 3_600_000 });
    await recording.run(3);
    recording.io.faults.set(recording.volumes[0]?.path ?? "", "ENOSPC");
    await recording.run(6);
    recording.io.resume();
    await recording.run(6);
    await recording.recorder.close();
    const stored = sequences((await recording.stored()).frames);
    expect(recording.gaps().map(({ reason }) => reason)).toEqual(["storage-full"]);
    expect(recording.sent.length - new Set(stored).size).toBe(named());
    expect(stored.at(-1)).toBe(recording.sent.length - 1);
  });

  it("harms no other stream: memory of one is bounded", async () => {
    recording = await Recording.start({ volumes: 2 });
    const [first, second] = recording.volumes;
    recording.recorder.setFormat(1, FORMAT);
    recording.recorder.setFormat(2, FORMAT);
    if (!first || !second) throw new Error("two volumes");
    const plans = [
      recording.plan({ volumes: [first] }),
      recording.plan({ streamId: 2, role: "sub", volumes: [second] }),
    ];
    recording.recorder.setPlans(plans, 1000);
    recording.io.faults.set(first.path, "hang");
    let other = 0;
    for (let i = 0; i < 500; i++) {
      recording.send({ payload: 200_000 });
      recording.send({ streamId: 2, sequence: other, keyframe: other++ % 25 === 0 });
      await recording.passHanging(40);
    }
    recording.io.resume();
    await recording.recorder.close();
    const { frames } = await recording.stored();
    const second2 = frames.map((bytes) => readHeader(bytes)).filter(({ streamId }) => streamId === 2);
    expect(second2.map(({ sequence }) => sequence)).toEqual(from(0, 499));
    expect(recording.gaps().every(({ streamId }) => streamId === 1)).toBe(true);
  });
});
