import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SealedFrame } from "../../shared/wire/sealed-frame.ts";
import { isDisposable, isKeyframe } from "./frames.ts";
import { StreamHub } from "./hub.ts";
import type { Reader, ReaderOptions } from "./reader.ts";
import { FRAME_BYTES, FrameMaker, kindsOf } from "./testing/frames.ts";

function options(fields: Partial<ReaderOptions> = {}): ReaderOptions {
  return { start: "keyframe", maxFrames: 100, maxBytes: 1_000_000, onReadable: () => undefined, ...fields };
}

function take(reader: Reader): SealedFrame[] {
  const frames: SealedFrame[] = [];
  for (let frame = reader.shift(); frame; frame = reader.shift()) frames.push(frame);
  return frames;
}

function publish(hub: StreamHub, maker: FrameMaker, kinds: string): void {
  for (const frame of maker.frames(kinds)) hub.publish(frame);
}

describe("stream hub", () => {
  it("W43: a reader starts with the cached GOP, or with the next keyframe", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    publish(hub, maker, "PPKPPKPP");
    const now = hub.addReader(options({ start: "gop" }));
    const later = hub.addReader(options());
    publish(hub, maker, "PKP");
    expect(kindsOf(take(now))).toBe("KPPPKP");
    expect(kindsOf(take(later))).toBe("KP");
    expect(later.stats.droppedFrames).toBe(0);
  });

  it("W42: a full reader loses its own frames up to the next keyframe, counted; others lose none", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const slow = hub.addReader(options({ maxFrames: 4 }));
    const healthy = hub.addReader(options());
    publish(hub, maker, "KPPPPPP");
    expect(slow.queuedFrames).toBe(4);
    expect(slow.stats.droppedFrames).toBe(3);
    expect(kindsOf(take(slow))).toBe("KPPP");
    publish(hub, maker, "PPKP");
    expect(kindsOf(take(slow))).toBe("KP");
    expect(slow.stats).toMatchObject({ droppedFrames: 5, faults: 0 });
    expect(kindsOf(take(healthy))).toBe("KPPPPPPPPKP");
    expect(healthy.stats.droppedFrames).toBe(0);
  });

  it("W42: a keyframe that does not fit replaces what is queued", () => {
    const hub = new StreamHub();
    const reader = hub.addReader(options({ maxFrames: 4 }));
    publish(hub, new FrameMaker(), "KPPPPKP");
    expect(reader.stats.droppedFrames).toBe(5);
    expect(kindsOf(take(reader))).toBe("KP");
  });

  it("W42: a reader that must not lose keeps what is queued, and each lost frame is a fault", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const recorder = hub.addReader(options({ maxFrames: 4, mustNotLose: true }));
    publish(hub, maker, "KPPPPKP");
    expect(recorder.stats).toMatchObject({ droppedFrames: 3, faults: 3 });
    expect(kindsOf(take(recorder))).toBe("KPPP");
    publish(hub, maker, "PKP");
    expect(kindsOf(take(recorder))).toBe("KP");
  });

  it("bounds bytes too, but lets one large frame through an empty queue", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const reader = hub.addReader(options({ maxBytes: 3 * FRAME_BYTES }));
    publish(hub, maker, "KPPP");
    expect(reader.queuedBytes).toBe(3 * FRAME_BYTES);
    expect(reader.stats.droppedFrames).toBe(1);
    take(reader);
    hub.publish(maker.frame("K", 10_000));
    expect(take(reader)).toHaveLength(1);
    expect(reader.queuedBytes).toBe(0);
  });

  it("W50: moves a lagging reader to the newest queued keyframe", () => {
    const hub = new StreamHub();
    const reader = hub.addReader(options());
    publish(hub, new FrameMaker(), "KPPKPKPP");
    expect(reader.skipToNewestGop()).toBe(5);
    expect(reader.skipToNewestGop()).toBe(0);
    expect(reader.stats.droppedFrames).toBe(5);
    expect(kindsOf(take(reader))).toBe("KPP");
  });

  it("resync empties the queue and waits for a keyframe", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const reader = hub.addReader(options());
    publish(hub, maker, "KPP");
    expect(reader.resync()).toBe(3);
    publish(hub, maker, "PKP");
    expect(kindsOf(take(reader))).toBe("KP");
  });

  it("W43: a GOP that outgrows the cache is cut to its keyframe, and its reader goes on at the next", () => {
    const hub = new StreamHub({ maxFrames: 5, maxBytes: 1_000_000 });
    const maker = new FrameMaker();
    publish(hub, maker, "KPPPPPPP");
    expect(hub.gop.truncated).toBe(true);
    const reader = hub.addReader(options({ start: "gop" }));
    publish(hub, maker, "PPKP");
    expect(kindsOf(take(reader))).toBe("KKP");
    expect(hub.gop.frames).toHaveLength(2);
    expect(hub.gop.bytes).toBe(2 * FRAME_BYTES);
  });

  it("tells a reader once per emptiness, and survives one that throws", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    let calls = 0;
    const counting = hub.addReader(options({ onReadable: () => calls++ }));
    const throwing = hub.addReader(
      options({
        onReadable: () => {
          throw new Error("bad reader");
        },
      }),
    );
    publish(hub, maker, "KPP");
    expect(calls).toBe(1);
    take(counting);
    publish(hub, maker, "P");
    expect(calls).toBe(2);
    expect(throwing.stats.callbackErrors).toBe(1);
    expect(throwing.queuedFrames).toBe(4);
  });

  it("a closed reader holds and gets nothing; closing inside the callback is allowed", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const readers: Reader[] = [];
    const closing = hub.addReader(options({ onReadable: () => readers[0]?.close() }));
    readers.push(closing);
    const other = hub.addReader(options());
    publish(hub, maker, "KP");
    expect(closing.queuedFrames).toBe(0);
    expect(other.queuedFrames).toBe(2);
    expect(hub.readerCount).toBe(1);
    hub.close();
    expect(hub.readerCount).toBe(0);
  });

  it("reset forgets the cached GOP and makes readers wait for a keyframe", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const reader = hub.addReader(options());
    publish(hub, maker, "KP");
    hub.reset();
    publish(hub, maker, "PK");
    expect(kindsOf(take(reader))).toBe("KPK");
    expect(kindsOf(hub.gop.frames)).toBe("K");
  });

  it("audio can be switched off, and is lost with the pictures around it", () => {
    const hub = new StreamHub();
    const maker = new FrameMaker();
    const silent = hub.addReader(options({ audio: false }));
    const full = hub.addReader(options({ maxFrames: 2 }));
    publish(hub, maker, "aKaPa");
    expect(kindsOf(take(silent))).toBe("KP");
    expect(silent.stats).toMatchObject({ droppedFrames: 0, thinnedFrames: 2 });
    expect(kindsOf(take(full))).toBe("Ka");
    silent.setAudio(true);
    publish(hub, maker, "Ka");
    expect(kindsOf(take(silent))).toBe("Ka");
  });

  it("W40: whatever happens, what a reader gets can be decoded, and nothing is unaccounted for", () => {
    const step = fc.oneof(
      { weight: 10, arbitrary: fc.constantFrom("K", "P", "P", "P", "b", "b", "a") },
      {
        weight: 5,
        arbitrary: fc.constantFrom("shift", "shift", "skip", "resync", "all", "reference", "keyframes", "fps"),
      },
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 200 }),
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        (steps, room, must) => {
          const hub = new StreamHub({ maxFrames: 8, maxBytes: 1e9 });
          const maker = new FrameMaker();
          const published: SealedFrame[] = [];
          for (const frame of maker.frames("KPbP")) {
            published.push(frame);
            hub.publish(frame);
          }
          const reader = hub.addReader(options({ start: "gop", maxFrames: room, mustNotLose: must }));
          const got: SealedFrame[] = [];
          for (const action of steps) {
            if (action.length === 1) {
              const frame = maker.frame(action as "K");
              published.push(frame);
              hub.publish(frame);
            } else if (action === "shift") {
              const frame = reader.shift();
              if (frame) got.push(frame);
            } else if (action === "skip") reader.skipToNewestGop();
            else if (action === "resync") reader.resync();
            else if (action === "fps") reader.setThinning({ mode: "fps", maxFps: 4 });
            else reader.setThinning({ mode: action as "all" });
            expect(reader.queuedFrames).toBeLessThanOrEqual(room);
          }
          got.push(...take(reader));
          expect(reader.queuedBytes).toBe(0);
          expectDecodable(published, got);
          const { droppedFrames, thinnedFrames } = reader.stats;
          expect(got.length + droppedFrames + thinnedFrames).toBe(published.length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

/** Each reference picture needs its predecessor among the reference pictures of its GOP; a disposable one likewise. */
function expectDecodable(published: readonly SealedFrame[], got: readonly SealedFrame[]): void {
  const has = new Set(got.map(({ header }) => header.sequence));
  let previousReference: number | undefined;
  let last = -1;
  for (const { header } of got) {
    expect(header.sequence).toBeGreaterThan(last);
    last = header.sequence;
  }
  for (const { header } of published) {
    if (header.flags & 16) continue;
    if (isKeyframe(header)) previousReference = header.sequence;
    else {
      if (has.has(header.sequence)) expect(has.has(previousReference ?? -1)).toBe(true);
      if (!isDisposable(header)) previousReference = header.sequence;
    }
  }
}
