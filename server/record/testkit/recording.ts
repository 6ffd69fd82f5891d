import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { type Micros, micros, millis } from "../../../shared/lib/time.ts";
import { FLAG, HEADER_BYTES, readFrame, type SealedFrame, writeHeader } from "../../../shared/wire/sealed-frame.ts";
import type { GapFact, RecorderEvent, RecordingPlan, SegmentFact } from "../../ingest/protocol.ts";
import { Recorder } from "../recorder.ts";
import { openSegmentFile } from "../segment-reader.ts";
import { MARKER_FILE } from "../volume-io.ts";
import { FaultyIo } from "./faulty-io.ts";

export const CAMERA = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11";
export const FORMAT = { codec: "h264", codecString: "avc1.640028", width: 640, height: 360, fps: 25 } as const;
/** 2026-11-20 10:00 UTC. */
export const START = micros(Date.UTC(2026, 10, 20, 10) * 1000);

export interface FrameFacts {
  readonly streamId?: number;
  readonly sequence: number;
  readonly captureTime: number;
  readonly pts?: number;
  readonly keyframe?: boolean;
  readonly flags?: number;
  readonly payload?: number;
  /** Of the thread that sealed it. */
  readonly generation?: number;
}

/** A frame that looks sealed. */
export function makeFrame(facts: FrameFacts): SealedFrame {
  const { streamId = 1, sequence, captureTime, pts = captureTime, keyframe = false, flags = 0, payload = 500 } = facts;
  const bytes = new Uint8Array(HEADER_BYTES + payload + 16).fill(sequence & 0xff);
  const times = { captureTime: micros(captureTime), pts: micros(pts), arrivalTime: micros(captureTime) };
  const header = { suite: 1, codec: 1, streamId, keyId: 1, epoch: 0, length: payload, sequence, ...times };
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(0, facts.generation ?? 0);
  writeHeader({ ...header, flags: flags | (keyframe ? FLAG.keyframe : 0), ptsMinusDts: micros(0), nonce }, bytes, 0);
  const frame = readFrame(bytes);
  if (!frame) throw new Error("half a frame");
  return frame;
}

/** A recorder on real folders, a camera that it records, and what became of it. */
export class Recording {
  readonly clock = new SimulatedClock(START);
  readonly io = new FaultyIo();
  readonly events: RecorderEvent[] = [];
  readonly recorder: Recorder;
  readonly volumes: { readonly id: string; readonly path: string; readonly reserveBytes: number }[];
  /** What the camera sent, in order. */
  readonly sent: SealedFrame[] = [];
  readonly #folder: string;
  #sequence = 0;
  readonly gop: number;

  private constructor(folder: string, volumes: Recording["volumes"], gop: number, memoryBytes: number) {
    this.#folder = folder;
    this.volumes = volumes;
    this.gop = gop;
    let runs = 0;
    this.recorder = new Recorder({
      clock: this.clock,
      io: this.io,
      send: (events) => this.events.push(...events),
      newRunId: () => `00000000-0000-4000-8000-${String(++runs).padStart(12, "0")}`,
      memoryBytes,
    });
  }

  static async start(options: { volumes?: number; gop?: number; memoryBytes?: number } = {}): Promise<Recording> {
    const { volumes: count = 1, gop = 25, memoryBytes = 64 * 1024 * 1024 } = options;
    const folder = await mkdtemp(join(tmpdir(), "fluxvision-record-"));
    const volumes = Array.from({ length: count }, (_, index) => {
      return { id: `0000000${index}-0000-4000-8000-000000000000`, path: join(folder, `v${index}`), reserveBytes: 1000 };
    });
    for (const { id, path } of volumes) {
      await mkdir(path);
      await writeFile(join(path, MARKER_FILE), `${id}\n`);
    }
    return new Recording(folder, volumes, gop, memoryBytes);
  }

  plan(change: Partial<RecordingPlan> = {}): RecordingPlan {
    const { volumes } = this;
    const timing = { preRollMs: 5000, segmentMs: 10_000 };
    return {
      cameraId: CAMERA,
      streamId: 1,
      role: "main",
      action: "record",
      audio: true,
      ...timing,
      volumes,
      ...change,
    };
  }

  begin(change: Partial<RecordingPlan> = {}): void {
    this.recorder.setFormat(change.streamId ?? 1, FORMAT);
    this.recorder.setPlans([this.plan(change)], 1000);
  }

  get now(): Micros {
    return this.clock.utcMicros();
  }

  /** The camera's next frame, now. */
  send(change: Partial<FrameFacts> = {}): void {
    const sequence = this.#sequence++;
    const frame = makeFrame({ sequence, captureTime: this.now, keyframe: sequence % this.gop === 0, ...change });
    this.sent.push(frame);
    this.recorder.onFrame(frame.header.streamId, frame.bytes);
  }

  /** Frames that the camera sent and nobody got. */
  skip(count: number): void {
    this.#sequence += count;
  }

  /** So many seconds of the camera at 25 fps, with the recorder's work done as it falls due. */
  async run(seconds: number, each: (index: number) => Partial<FrameFacts> = () => ({})): Promise<void> {
    for (let i = 0; i < seconds * 25; i++) {
      this.send(each(i));
      await this.pass(40);
    }
  }

  async pass(ms: number): Promise<void> {
    // In steps, so that no disk seems to stand still.
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(millis(Math.min(left, 500)));
      await this.recorder.settled();
    }
  }

  /** As `pass`, while a disk hangs: what hangs is not waited for. */
  async passHanging(ms: number): Promise<void> {
    this.clock.advance(millis(ms));
    await this.io.idle();
  }

  /** Those that are over. */
  gaps(): GapFact[] {
    return this.events.flatMap((event) => (event.type === "gap" && event.gap.open !== true ? event.gap : []));
  }

  /** Those that were told while they lasted. */
  lastingGaps(): GapFact[] {
    return this.events.flatMap((event) => (event.type === "gap" && event.gap.open === true ? event.gap : []));
  }

  closed(): SegmentFact[] {
    return this.events.flatMap((event) => (event.type === "segment-closed" ? event.segment : []));
  }

  volumeStates(): string[] {
    return this.events.flatMap((event) =>
      event.type === "volume" ? `${event.volumeId.slice(7, 8)} ${event.state}` : [],
    );
  }

  /** Every frame on disk, by what the files say, oldest file first. */
  async stored(): Promise<{ frames: Uint8Array[]; files: string[]; closed: boolean[] }> {
    const files: string[] = [];
    for (const { path } of this.volumes) {
      for (const name of await readdir(path, { recursive: true }))
        if (/\/\d+-\d+(-\d+)?$/.test(name)) files.push(join(path, name));
    }
    files.sort((a, b) => (a.slice(-14) < b.slice(-14) ? -1 : 1));
    const frames: Uint8Array[] = [];
    const closed: boolean[] = [];
    for (const file of files) {
      const bytes = await readFile(file);
      const segment = await openSegmentFile(file);
      closed.push(segment.closed);
      for (let offset = 256; offset < segment.index.dataEnd; ) {
        const frame = readFrame(bytes, offset);
        if (!frame) throw new Error("half a frame within the frames");
        frames.push(Uint8Array.from(frame.bytes));
        offset += frame.bytes.byteLength;
      }
      await segment.close();
    }
    return { frames, files, closed };
  }

  async close(): Promise<void> {
    this.io.resume();
    await this.recorder.close();
    await rm(this.#folder, { recursive: true });
  }
}
