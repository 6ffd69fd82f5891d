import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { micros } from "../../../shared/lib/time.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../../shared/wire/segment-codec.ts";
import type { SegmentFact } from "../../ingest/protocol.ts";
import { IndexBuilder } from "../../record/segment-reader.ts";
import { CAMERA, makeFrame } from "../../record/testkit/recording.ts";

export interface SegmentFileOptions {
  readonly startMicros: number;
  readonly seconds?: number;
  /** Bytes of each frame's payload; 25 a second. */
  readonly payload?: number;
  readonly streamId?: number;
  readonly cameraId?: string;
  readonly runId?: string;
  readonly generation?: number;
  /** False: as a crash leaves it. */
  readonly closed?: boolean;
}

/** A file as a recorder writes it, and what the index says of it. The frames are not truly sealed. */
export async function writeSegmentFile(
  root: string,
  volumeId: string,
  options: SegmentFileOptions,
): Promise<SegmentFact> {
  const { startMicros, seconds = 2, payload = 300, streamId = 1, cameraId = CAMERA, runId = randomUUID() } = options;
  const { generation = 0, closed = true } = options;
  const of = { cameraId, streamId, role: "main", keyId: 1, codec: 1, runId } as const;
  const format = { codecString: "avc1.640028", width: 640, height: 360 };
  const pieces: Uint8Array[] = [encodeSegmentHeader({ ...of, ...format, suite: 1, start: micros(startMicros) })];
  const builder = new IndexBuilder();
  let offset = 256;
  for (let i = 0; i < seconds * 25; i++) {
    const times = { sequence: i, captureTime: startMicros + i * 40_000 };
    const frame = makeFrame({ ...times, keyframe: i % 25 === 0, payload, streamId, generation });
    builder.add(frame.header, offset);
    pieces.push(frame.bytes);
    offset += frame.bytes.byteLength;
  }
  const index = builder.finish(offset);
  const whole = Buffer.concat(closed ? [...pieces, encodeSegmentIndex(index)] : pieces);
  const day = new Date(startMicros / 1000).toISOString().slice(0, 10).replaceAll("-", "");
  const path = `${cameraId}/${day}/${Math.floor(startMicros / 1e6)}-${streamId}`;
  await mkdir(dirname(join(root, path)), { recursive: true, mode: 0o700 });
  await writeFile(join(root, path), whole, { mode: 0o600 });
  const counts = { frames: index.frames, keyframes: index.keyframes.length, audioFrames: 0, bytes: whole.byteLength };
  return { volumeId, path, ...of, ...format, ...counts, startMicros, endMicros: index.end };
}
