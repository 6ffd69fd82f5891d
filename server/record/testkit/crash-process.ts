import { systemClock } from "../../../shared/lib/clock.ts";
import type { RecordingPlan } from "../../ingest/protocol.ts";
import { Recorder } from "../recorder.ts";
import { fileSystem } from "../volume-io.ts";
import { FORMAT, makeFrame } from "./recording.ts";

/**
 * A process to be killed: records simulated cameras as fast as the test wants, and says each event in one line. Its one
 * argument is `CrashSettings` as JSON.
 */
export interface CrashSettings {
  readonly cameraIds: readonly string[];
  readonly volumes: RecordingPlan["volumes"];
  readonly segmentMs: number;
  readonly flushMs: number;
}

const FRAME_MS = 5;
const GOP = 20;

const { cameraIds, volumes, segmentMs, flushMs } = JSON.parse(process.argv[2] ?? "{}") as CrashSettings;
const clock = systemClock();
const recorder = new Recorder({
  clock,
  io: fileSystem(),
  send: (events) => {
    // To a pipe, synchronously: said before this process can do anything else.
    for (const event of events) process.stdout.write(`${JSON.stringify(event)}\n`);
  },
});
const plans = cameraIds.map((cameraId, index): RecordingPlan => {
  const what = { cameraId, streamId: index + 1, role: "main", action: "record" } as const;
  return { ...what, preRollMs: 0, audio: true, segmentMs, volumes };
});
for (const { streamId } of plans) recorder.setFormat(streamId, FORMAT);
recorder.setPlans(plans, flushMs);
let sequence = 0;
setInterval(() => {
  const captureTime = clock.utcMicros();
  for (const { streamId } of plans) {
    // Sizes from a few bytes to more than a chunk.
    const payload = 10 + ((sequence * 7919 + streamId * 104_729) % (sequence % GOP === 0 ? 90_000 : 6_000));
    const frame = makeFrame({ streamId, sequence, captureTime, keyframe: sequence % GOP === 0, payload });
    recorder.onFrame(streamId, frame.bytes);
  }
  sequence++;
}, FRAME_MS);
