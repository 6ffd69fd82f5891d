import { beforeEach, describe, expect, test } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../../shared/lib/time.ts";
import { FakeBackend, settled } from "../../testkit/fake-decoder.ts";
import { h264Delta, h264Keyframe } from "../../testkit/h264.ts";
import { DecoderPool } from "./decoder-pool.ts";
import type { DecodedPicture, EncodedUnit, StreamDecoder } from "./stream-decoder.ts";

const FRAME_MS = 40;

let clock: SimulatedClock;
let backend: FakeBackend;
let pool: DecoderPool;
let pictures: DecodedPicture[];
let decoder: StreamDecoder;
let count: number;

beforeEach(() => {
  clock = new SimulatedClock();
  backend = new FakeBackend();
  pool = new DecoderPool(clock, backend);
  pictures = [];
  decoder = pool.create((picture) => pictures.push(picture));
  count = 0;
});

function unit(changes: Partial<EncodedUnit> = {}): EncodedUnit {
  const pts = micros(count++ * FRAME_MS * 1000);
  const keyframe = changes.keyframe ?? false;
  const data = keyframe ? h264Keyframe() : h264Delta();
  return { codec: "h264", data, keyframe, codecChange: false, pts, captureTime: micros(9e15 + pts), ...changes };
}

async function start(): Promise<void> {
  decoder.push(unit({ keyframe: true }));
  await settled();
}

describe("start", () => {
  test("nothing is decoded before a keyframe", async () => {
    decoder.push(unit());
    await settled();
    expect(backend.decoders).toHaveLength(0);
    expect(decoder.state.phase).toBe("waiting");
  });

  test("the codec string comes from the keyframe's own parameter set, without description and for low latency", async () => {
    decoder.announce("avc1.640028");
    await start();
    expect(backend.last.configs).toEqual([
      { codec: "avc1.42c01e", optimizeForLatency: true, hardwareAcceleration: "prefer-software" },
    ]);
  });

  test("units that come while support is asked for are kept in order", async () => {
    decoder.push(unit({ keyframe: true }));
    decoder.push(unit());
    decoder.push(unit());
    await settled();
    expect(backend.last.queued.map(({ type, timestamp }) => [type, timestamp])).toEqual([
      ["key", 0],
      ["delta", 40_000],
      ["delta", 80_000],
    ]);
  });

  test("a gap while support is asked for waits for the next keyframe", async () => {
    decoder.push(unit({ keyframe: true }));
    decoder.gap();
    await settled();
    expect(backend.decoders).toHaveLength(0);
    await start();
    expect(backend.last.queued).toHaveLength(1);
  });

  test("pictures carry the capture time of their unit, also out of decode order", async () => {
    await start();
    decoder.push(unit({ pts: micros(120_000), captureTime: micros(111) }));
    decoder.push(unit({ pts: micros(80_000), captureTime: micros(222) }));
    backend.last.queued.reverse();
    backend.last.output();
    expect(pictures.map(({ pts, captureTime }) => [pts, captureTime])).toEqual([
      [80_000, 222],
      [120_000, 111],
      [0, 9e15],
    ]);
  });

  test("hardware is preferred while the budget lasts, then software", async () => {
    backend.supports = () => true;
    const sites: (string | undefined)[] = [];
    for (let i = 0; i < 18; i++) {
      const other = pool.create(() => undefined);
      other.push(unit({ keyframe: true }));
      await settled();
      sites.push(other.site);
    }
    expect(sites.filter((site) => site === "hardware")).toHaveLength(16);
    expect(sites.slice(16)).toEqual(["software", "software"]);
  });

  test("a codec that cannot be decoded is named and not tried again until it changes", async () => {
    backend.supports = () => false;
    await start();
    expect(decoder.state).toEqual({ phase: "unsupported", detail: "avc1.42c01e" });
    backend.supports = () => true;
    await start();
    expect(decoder.state.phase).toBe("unsupported");
    decoder.push(unit({ keyframe: true, data: h264Keyframe(0x4d) }));
    await settled();
    expect(decoder.state.phase).toBe("running");
  });
});

describe("changes", () => {
  test("another parameter set reconfigures the same decoder, so that pictures in it still come out", async () => {
    await start();
    decoder.push(unit({ keyframe: true, data: h264Keyframe(0x64, 0x28) }));
    await settled();
    expect(backend.decoders).toHaveLength(1);
    expect(backend.last.configs.map(({ codec }) => codec)).toEqual(["avc1.42c01e", "avc1.64c028"]);
    expect(backend.last.output()).toHaveLength(2);
    expect(pictures).toHaveLength(2);
  });

  test("the codec change flag reconfigures although the string is the same", async () => {
    await start();
    decoder.push(unit({ keyframe: true, codecChange: true }));
    await settled();
    expect(backend.last.configs).toHaveLength(2);
  });

  test("after a gap, units are dropped and counted up to the next keyframe", async () => {
    await start();
    decoder.gap();
    decoder.push(unit());
    decoder.push(unit());
    expect(decoder.dropped).toBe(2);
    decoder.push(unit({ keyframe: true }));
    decoder.push(unit());
    expect(backend.last.queued).toHaveLength(3);
  });
});

describe("failures", () => {
  test("an error starts anew at the next keyframe, the second time only after a pause", async () => {
    await start();
    backend.last.fail("bad slice");
    expect(decoder.state).toEqual({ phase: "failed", detail: "bad slice" });
    decoder.push(unit());
    await start();
    expect(backend.decoders).toHaveLength(2);
    backend.last.fail("bad slice");
    await start();
    expect(backend.decoders).toHaveLength(2);
    clock.advance(millis(500));
    await start();
    expect(backend.decoders).toHaveLength(3);
    expect(decoder.state.phase).toBe("running");
  });

  test("the pause has a cap", async () => {
    for (let i = 0; i < 30; i++) {
      await start();
      backend.last.fail("always");
      clock.advance(millis(30_000));
    }
    expect(backend.decoders).toHaveLength(30);
  });

  test("after enough good pictures a failure is forgiven", async () => {
    await start();
    backend.last.fail("once");
    await start();
    for (let i = 0; i < 60; i++) decoder.push(unit());
    backend.last.output();
    backend.last.fail("again");
    await start();
    expect(backend.decoders).toHaveLength(3);
  });

  test("what hardware could not decode goes to software", async () => {
    backend.supports = () => true;
    await start();
    expect(decoder.site).toBe("hardware");
    backend.last.fail("no slots");
    await start();
    expect(decoder.site).toBe("software");
  });

  test("a hardware decoder that outputs nothing is replaced, and the budget lowered", async () => {
    backend.supports = () => true;
    await start();
    for (let i = 0; i < 20; i++) decoder.push(unit());
    backend.last.queued = [];
    clock.advance(millis(2100));
    decoder.checkProgress();
    expect(decoder.state).toEqual({ phase: "failed", detail: "the decoder takes frames and outputs none" });
    await start();
    expect(decoder.site).toBe("software");
    const other = pool.create(() => undefined);
    other.push(unit({ keyframe: true }));
    await settled();
    expect(other.site).toBe("software");
  });

  test("a stream that stands still is not taken for a silent decoder", async () => {
    await start();
    backend.last.output();
    clock.advance(millis(60_000));
    decoder.checkProgress();
    expect(decoder.state.phase).toBe("running");
  });
});

describe("backlog", () => {
  test("the burst of a joined GOP is worked off, not dropped", async () => {
    await start();
    for (let i = 0; i < 300; i++) decoder.push(unit());
    for (let i = 0; i < 40; i++) {
      clock.advance(millis(200));
      backend.last.output(Math.min(backend.last.queued.length, 30));
      decoder.push(unit());
    }
    expect(decoder.dropped).toBe(0);
  });

  test("a queue that does not shrink skips to the next keyframe, which throws the queue away", async () => {
    await start();
    for (let i = 0; i < 50; i++) {
      clock.advance(millis(FRAME_MS));
      decoder.push(unit());
    }
    expect(backend.last.queued.length).toBeGreaterThan(12);
    const dropped = decoder.dropped;
    expect(dropped).toBeGreaterThan(0);
    const queued = backend.last.queued.length;
    decoder.push(unit({ keyframe: true }));
    expect(backend.last.resets).toBe(1);
    expect(backend.last.queued.map(({ type }) => type)).toEqual(["key"]);
    expect(decoder.dropped).toBe(dropped + queued);
  });

  test("there is an upper limit at once", async () => {
    await start();
    for (let i = 0; i < 1000; i++) decoder.push(unit());
    expect(backend.last.queued.length).toBeLessThanOrEqual(661);
  });
});

describe("ownership", () => {
  test("open frames are counted until their owner closes them", async () => {
    await start();
    decoder.push(unit());
    const frames = backend.last.output();
    expect(pool.ledger.openFrames).toBe(2);
    for (const { owned } of pictures) owned.close();
    pictures[0]?.owned.close();
    expect(pool.ledger.openFrames).toBe(0);
    expect(frames.every(({ closed }) => closed)).toBe(true);
  });

  test("a frame that comes after close is closed at once", async () => {
    await start();
    const late = backend.last;
    const queued = late.queued;
    decoder.close();
    late.queued = queued;
    expect(late.output().every(({ closed }) => closed)).toBe(true);
    expect(pictures).toHaveLength(0);
    expect(pool.ledger.openFrames).toBe(0);
    expect(late.state).toBe("closed");
  });
});
