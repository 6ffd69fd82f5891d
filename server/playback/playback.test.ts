import { randomUUID } from "node:crypto";
import { appendFile, mkdtemp, rm, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { MAX_READS, SERVER_TAKES } from "../../shared/wire/playback-messages.ts";
import { FLAG, readFrame } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { IndexBuilder } from "../record/segment-reader.ts";
import { CAMERA, makeFrame, START } from "../record/testkit/recording.ts";
import type { ArchiveSegment } from "../relay/protocol.ts";
import { FakeAuthority } from "../relay/testkit/fake-authority.ts";
import { Playback } from "./playback.ts";
import { Viewer } from "./testkit/viewer.ts";

const SECOND = 1_000_000;
const FRAME = 40_000;
const RUN = randomUUID();

let folder: string;
let clock: SimulatedClock;
let authority: FakeAuthority;
let playback: Playback;
let closedConnections: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fluxvision-playback-"));
  clock = new SimulatedClock(micros(START + 3600 * SECOND));
  authority = new FakeAuthority();
  const tokenExpiresAtMicros = clock.utcMicros() + 900 * SECOND;
  authority.users.set("anna", {
    userId: "anna",
    sessionId: "s-anna",
    cameras: new Set([CAMERA]),
    tokenExpiresAtMicros,
  });
  closedConnections = [];
  playback = new Playback({ clock, authority, onViewerClosed: (id) => closedConnections.push(id) });
});
afterEach(async () => {
  playback.close();
  await rm(folder, { recursive: true });
});

/** A file of `seconds` at 25 fps with a keyframe a second; sequences count frames from START. */
async function record(
  startSecond: number,
  seconds: number,
  options: { closed?: boolean; runId?: string; keyId?: number; audioEvery?: number; payload?: number } = {},
): Promise<ArchiveSegment> {
  const { closed = true, runId = RUN, audioEvery = 0, payload = 300 } = options;
  const start = START + startSecond * SECOND;
  const header = { cameraId: CAMERA, streamId: 1, role: "main", suite: 1, keyId: 1, codec: 1 } as const;
  const format = { codecString: "avc1.640028", width: 640, height: 360 };
  const pieces: Uint8Array[] = [encodeSegmentHeader({ ...header, ...format, start: micros(start), runId })];
  const builder = new IndexBuilder();
  let bytes = 256;
  for (let i = 0; i < seconds * 25; i++) {
    const flags = audioEvery > 0 && i % audioEvery === audioEvery - 1 ? FLAG.audio : 0;
    const facts = { sequence: startSecond * 25 + i, captureTime: start + i * FRAME, keyframe: i % 25 === 0 };
    const frame = makeFrame({ ...facts, flags, payload });
    builder.add(frame.header, bytes);
    pieces.push(frame.bytes);
    bytes += frame.bytes.byteLength;
  }
  const index = encodeSegmentIndex(builder.finish(bytes));
  const path = join(folder, `${startSecond}-${pieces.length}`);
  await writeFile(path, Buffer.concat(closed ? [...pieces, index] : pieces));
  const total = closed ? bytes + index.byteLength : bytes;
  const range = { startMicros: start, endMicros: builder.end };
  const segment: ArchiveSegment = {
    ...{ segmentId: startSecond, cameraId: CAMERA, streamId: 1, role: "main", runId },
    ...{ ...range, ...format, bytes: total, closed, place: { kind: "file", path } },
  };
  authority.recorded = [...authority.recorded, segment];
  return segment;
}

async function viewer(token = "anna"): Promise<Viewer> {
  const line = new Viewer();
  line.handlers = playback.accept(line);
  line.say({ type: "hello", token, publicKey: "AAAA", client: "test" });
  await line.until(() => (line.closed || line.messages.some(({ type }) => type === "welcome") ? true : undefined));
  return line;
}

const at = (second: number): number => START + second * SECOND;
const from = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const read = (requestId: number, change: Record<string, unknown> = {}) => ({
  ...{ type: "read", requestId, cameraId: CAMERA, role: "main", direction: "forward" },
  ...{ fromMicros: at(0), toMicros: at(3600), maxBytes: 16 * 1024 * 1024, ...change },
});

describe("reading", () => {
  it("begins with the GOP that holds the time, and joins files without a seam", async () => {
    await record(0, 4);
    await record(4, 4);
    const anna = await viewer();
    anna.say(read(1, { fromMicros: at(2.5), toMicros: at(6) }));
    expect(await anna.message("end", 1)).toMatchObject({ nextMicros: null, frames: 100 });
    expect(anna.sequences(1)).toEqual(from(50, 149));
    const sources = anna.messages.filter(({ type }) => type === "source");
    expect(sources).toMatchObject([
      { streamId: 1, spanStartMicros: at(0), spanEndMicros: at(8), codecString: "avc1.640028" },
    ]);
    for (const bytes of anna.frames.get(1) ?? []) expect(readFrame(bytes)?.bytes).toEqual(bytes);
    const order = anna.messages.map(({ type }) => type);
    expect(order).toEqual(["welcome", "source", "keys", "end"]);
  });

  it("stops at the limit with whole GOPs, and says where to go on", async () => {
    await record(0, 10);
    const anna = await viewer();
    const seen: number[] = [];
    let next: number | null = at(0);
    for (let requestId = 1; next !== null; requestId++) {
      anna.say(read(requestId, { fromMicros: next, maxBytes: 25_000 }));
      const end = await anna.message("end", requestId);
      const got = anna.sequences(requestId);
      expect(got.length % 25).toBe(0);
      seen.push(...got);
      next = end.nextMicros;
    }
    expect(seen).toEqual(from(0, 249));
  });

  it("yields at least one GOP, however small the limit", async () => {
    await record(0, 3, { payload: 50_000 });
    const anna = await viewer();
    anna.say(read(1, { maxBytes: 1 }));
    expect(await anna.message("end", 1)).toMatchObject({ nextMicros: at(1), frames: 25 });
  });

  it("goes backward GOP by GOP, newest first, each in decode order", async () => {
    await record(0, 4);
    await record(4, 4);
    const anna = await viewer();
    anna.say(read(1, { direction: "backward", fromMicros: at(5.2), toMicros: at(3) }));
    await anna.message("end", 1);
    expect(anna.sequences(1)).toEqual([...from(125, 149), ...from(100, 124), ...from(75, 99)]);
    anna.say(read(2, { direction: "backward", fromMicros: at(5.2), toMicros: at(0), maxBytes: 20_000 }));
    const { nextMicros } = await anna.message("end", 2);
    anna.say(read(3, { direction: "backward", fromMicros: nextMicros, toMicros: at(0), maxBytes: 12_000 }));
    await anna.message("end", 3);
    expect(anna.sequences(2)).toEqual([...from(125, 149), ...from(100, 124)].slice(0, anna.sequences(2).length));
    expect(anna.sequences(3)[0]).toBe((anna.sequences(2).at(-25) ?? 0) - 25);
  });

  it("yields keyframes alone, as far apart as asked", async () => {
    await record(0, 10);
    const anna = await viewer();
    anna.say(read(1, { keyframesApartMicros: 3 * SECOND }));
    await anna.message("end", 1);
    expect(anna.sequences(1)).toEqual([0, 75, 150, 225]);
    anna.say(read(2, { keyframesApartMicros: 4 * SECOND, direction: "backward", fromMicros: at(9), toMicros: at(0) }));
    await anna.message("end", 2);
    expect(anna.sequences(2)).toEqual([225, 125, 25]);
  });

  it("jumps a gap, and tells of the stretch beyond it", async () => {
    await record(0, 2);
    await record(60, 2, { runId: randomUUID() });
    const anna = await viewer();
    anna.say(read(1, { fromMicros: at(1) }));
    await anna.message("end", 1);
    expect(anna.sequences(1)).toEqual([...from(25, 49), ...from(1500, 1549)]);
    expect(anna.messages.filter(({ type }) => type === "source")).toMatchObject([
      { spanStartMicros: at(0), spanEndMicros: at(2) },
      { spanStartMicros: at(60), spanEndMicros: at(62) },
    ]);
  });

  it("says what is near where nothing is", async () => {
    await record(0, 2);
    await record(60, 2);
    const anna = await viewer();
    anna.say(read(1, { fromMicros: at(20), toMicros: at(30) }));
    expect(await anna.message("end", 1)).toMatchObject({
      nextMicros: null,
      frames: 0,
      earlierMicros: at(2),
      laterMicros: at(60),
    });
  });

  it("leaves audio out unless it is wanted", async () => {
    await record(0, 1, { audioEvery: 5 });
    const anna = await viewer();
    anna.say(read(1));
    anna.say(read(2, { audio: true }));
    expect((await anna.message("end", 1)).frames).toBe(20);
    expect((await anna.message("end", 2)).frames).toBe(25);
    anna.say(read(3, { audio: true, video: false }));
    expect((await anna.message("end", 3)).frames).toBe(5);
    anna.say(read(4, { video: false }));
    expect((await anna.message("end", 4)).frames).toBe(0);
  });

  it("reads a file that is being written up to what is safe, and goes on as it grows", async () => {
    const whole = await record(0, 4, { closed: false });
    const half = 256 + 50 * (300 + 88);
    authority.recorded = [{ ...whole, bytes: half, endMicros: at(2) }];
    const anna = await viewer();
    anna.say(read(1));
    expect((await anna.message("end", 1)).frames).toBe(50);
    authority.recorded = [whole];
    anna.say(read(2, { fromMicros: at(2) }));
    expect((await anna.message("end", 2)).frames).toBe(50);
    expect(anna.sequences(2)).toEqual(from(50, 99));
  });

  it("reads cold storage", async () => {
    const { place, ...segment } = await record(0, 3);
    if (place.kind !== "file") throw new Error("a file");
    const { readFile } = await import("node:fs/promises");
    authority.objects.set("v/k", await readFile(place.path));
    authority.recorded = [{ ...segment, place: { kind: "object", volumeId: "v", key: "k" } }];
    const anna = await viewer();
    anna.say(read(1));
    expect((await anna.message("end", 1)).frames).toBe(75);
  });
});

describe("bad files", () => {
  it("that vanished, are torn or are none of ours are passed over", async () => {
    const gone = await record(0, 2);
    const torn = await record(2, 2);
    const strange = await record(4, 2);
    await record(6, 2);
    const path = ({ place }: ArchiveSegment): string => (place.kind === "file" ? place.path : "");
    await unlink(path(gone));
    await truncate(path(torn), 20_000);
    await writeFile(path(strange), "this is not footage".repeat(100));
    const anna = await viewer();
    anna.say(read(1));
    await anna.message("end", 1);
    const sequences = anna.sequences(1);
    expect(sequences.slice(-50)).toEqual(from(150, 199));
    expect(sequences.every((sequence) => sequence >= 50)).toBe(true);
    expect(playback.badFiles).toBe(2);
  });

  it("whose index lies end the file, not the read", async () => {
    const bad = await record(0, 2);
    await record(2, 2);
    if (bad.place.kind === "file") await appendFile(bad.place.path, "x");
    const anna = await viewer();
    anna.say(read(1));
    expect((await anna.message("end", 1)).frames).toBe(100);
  });
});

describe("rights (W113, W114)", () => {
  it("are looked at for each camera; one that does not exist looks the same", async () => {
    await record(0, 2);
    const anna = await viewer();
    authority.permit("anna", []);
    anna.say(read(1));
    anna.say(read(2, { cameraId: randomUUID() }));
    const [first, second] = [await anna.message("denied", 1), await anna.message("denied", 2)];
    expect({ ...first, requestId: 0 }).toEqual({ ...second, requestId: 0 });
    expect(anna.frames.size).toBe(0);
  });

  it("that end stop a read that runs", async () => {
    await record(0, 60, { payload: 20_000 });
    const anna = await viewer();
    anna.blocked = true;
    anna.say(read(1));
    await anna.message("keys");
    authority.permit("anna", []);
    playback.accessChanged("anna");
    anna.drain();
    await anna.message("denied", 1);
    // What was on its way when the right ended, and not a GOP more.
    expect(anna.sequences(1).length).toBeLessThanOrEqual(25);
  });

  it("that end are told for each camera that was read, and only for those", async () => {
    await record(0, 2);
    const anna = await viewer();
    anna.say(read(1));
    await anna.message("end", 1);
    playback.accessChanged("anna");
    authority.permit("anna", []);
    playback.accessChanged("anna");
    const { cameraId } = read(1);
    expect(await anna.message("withdrawn")).toEqual({ type: "withdrawn", cameraId, code: "auth.camera_denied" });
    playback.accessChanged("anna");
    anna.say({ type: "ping", t: 1 });
    await anna.message("pong");
    expect(anna.messages.filter(({ type }) => type === "withdrawn")).toHaveLength(1);
  });

  it("end with the session, at once", async () => {
    await record(0, 60, { payload: 20_000 });
    const anna = await viewer();
    anna.blocked = true;
    anna.say(read(1));
    await anna.message("keys");
    playback.endSession("s-anna", "auth.signed_out");
    anna.drain();
    expect(anna.closed).toBe(true);
    expect(anna.messages.at(-1)).toMatchObject({ type: "session_expired", code: "auth.signed_out" });
    expect(anna.frames.size).toBe(0);
    expect(closedConnections).toHaveLength(1);
  });

  it("a destroyed key is named, and its frames are not sent", async () => {
    await record(0, 2);
    authority.revoked.add(1);
    const anna = await viewer();
    anna.say(read(1));
    await anna.message("end", 1);
    expect(anna.messages.find(({ type }) => type === "error")).toMatchObject({ code: "keys.revoked", requestId: 1 });
    expect(anna.frames.size).toBe(0);
  });

  it("run out with the token", async () => {
    const anna = await viewer();
    clock.advance(millis(900_001));
    expect(anna.closed).toBe(true);
    expect(anna.closeCode).toBe("auth.token_expired");
  });
});

describe("hostile viewers", () => {
  it("say hello within 5 s, with a token that is good", async () => {
    const silent = new Viewer();
    silent.handlers = playback.accept(silent);
    clock.advance(millis(5001));
    expect(silent.closeCode).toBe("relay.no_hello");
    expect((await viewer("forged")).messages.map(({ type }) => type)).toEqual(["session_expired"]);
    const early = new Viewer();
    early.handlers = playback.accept(early);
    early.say(read(1));
    expect(early.closeCode).toBe("auth.required");
  });

  it("get a reason for every message that is none, and harm nothing", async () => {
    const anna = await viewer();
    const bad = [
      { type: "read" },
      read(1, { requestId: -1 }),
      read(1, { fromMicros: 1e300 }),
      read(1, { maxBytes: 1e9 }),
      read(1, { cameraId: "../../etc/passwd" }),
      { type: "cancel", requestId: "1" },
      { type: "subscribe", cameras: [] },
    ];
    for (const message of bad) anna.say(message);
    const errors = anna.messages.filter(({ type }) => type === "error");
    expect(errors).toHaveLength(bad.length);
    // Whoever waits for the answer to a read hears of it by its number.
    expect(errors.map((error) => ("requestId" in error ? error.requestId : undefined))).toEqual([
      undefined,
      undefined,
      1,
      1,
      1,
      undefined,
      undefined,
    ]);
    anna.handlers?.onMessage("{");
    expect(anna.closeCode).toBe("relay.bad_message");
  });

  it("have so many reads at once, each by its own number", async () => {
    await record(0, 60, { payload: 20_000 });
    const anna = await viewer();
    anna.blocked = true;
    for (let i = 0; i < MAX_READS; i++) anna.say(read(i));
    anna.say(read(0));
    anna.say(read(MAX_READS));
    expect(anna.messages.filter(({ type }) => type === "error")).toMatchObject([
      { requestId: 0, code: "playback.too_many_reads" },
      { requestId: MAX_READS, code: "playback.too_many_reads" },
    ]);
    // One that waited is cancelled and its number free again; one that runs stops.
    anna.say({ type: "cancel", requestId: MAX_READS - 1 });
    anna.say(read(MAX_READS - 1));
    expect(anna.messages.filter(({ type }) => type === "error")).toHaveLength(2);
  });

  it("that send too much are cut off", async () => {
    const anna = await viewer();
    // Its hello was the first.
    for (let i = 1; i < SERVER_TAKES.burst; i++) anna.say({ type: "ping", t: i });
    expect(anna.closeCode).toBeUndefined();
    anna.say({ type: "ping", t: 0 });
    expect(anna.closeCode).toBe("relay.rate_limited");
  });
});
