import { beforeEach, describe, expect, it } from "vitest";
import type { RecorderEvent, RecordingPlan } from "../ingest/protocol.ts";
import type { IngestSlot } from "./ingest-slot.ts";
import { RecordingRouter } from "./recording-router.ts";

let told: Record<string, string[]>;
let slotOf: Map<string, IngestSlot>;
let shown: string[];
let router: RecordingRouter;

const slot = (name: string, generation: number, ...cameraIds: string[]): IngestSlot => {
  const setRecording = (plans: readonly RecordingPlan[]): void => {
    told[name] = plans.map(({ cameraId }) => cameraId);
  };
  const cameras = new Map(cameraIds.map((id) => [id, undefined]));
  return { setRecording, generation, cameras } as unknown as IngestSlot;
};
const first = slot("first", 1, "a");
const second = slot("second", 2);

beforeEach(() => {
  told = {};
  shown = [];
  slotOf = new Map([["a", first]]);
  router = new RecordingRouter({
    slots: [first, second],
    slotOf,
    onCamera: (cameraId) => shown.push(`${cameraId} ${router.isRecording(cameraId)}`),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
});

function plan(cameraId: string, streamId: number): RecordingPlan {
  const rest = { preRollMs: 0, audio: false, segmentMs: 60_000, volumes: [] };
  return { cameraId, streamId, role: "main", action: "record", ...rest };
}

const recording = (streamId: number, is: boolean): RecorderEvent => {
  return { type: "recording", cameraId: "a", streamId, recording: is };
};

describe("recording router", () => {
  it("tells each worker the plans of its cameras, also of one that is placed later", () => {
    router.set([plan("a", 1), plan("b", 2)], 500);
    expect(told).toEqual({ first: ["a"], second: [] });
    slotOf.set("b", second);
    router.cameraPlaced("b", second);
    expect(told).toEqual({ first: ["a"], second: ["b"] });
  });

  it("a camera is recorded while one of its streams is; one listener's fault is no other's", () => {
    const events: RecorderEvent[] = [];
    router.listen(() => {
      throw new Error("mine");
    });
    const stop = router.listen((batch) => events.push(...batch));
    router.received([recording(1, true), recording(2, true)]);
    router.received([recording(1, false)]);
    expect(router.isRecording("a")).toBe(true);
    stop();
    router.received([recording(2, false)]);
    expect(shown).toEqual(["a true", "a true", "a true", "a false"]);
    expect(events).toHaveLength(3);
  });

  it("a worker that dies records nothing any more", () => {
    const events: RecorderEvent[] = [];
    router.received([recording(1, true), recording(2, true)]);
    router.listen((batch) => events.push(...batch));
    router.lost(second);
    expect(events.splice(0)).toEqual([{ type: "thread-lost", cameraIds: [], generation: 2 }]);
    router.lost(first);
    const lost = { type: "thread-lost", cameraIds: ["a"], generation: 1 };
    expect(events).toEqual([recording(1, false), recording(2, false), lost]);
    expect(router.isRecording("a")).toBe(false);
  });
});
