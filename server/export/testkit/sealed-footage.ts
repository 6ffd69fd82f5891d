import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { FluxCrypto, Suite } from "../../../shared/crypto/types.ts";
import { SUITE_IDS } from "../../../shared/crypto/types.ts";
import { type Micros, micros } from "../../../shared/lib/time.ts";
import { CODEC_IDS } from "../../../shared/media/types.ts";
import { EPOCH_SECONDS } from "../../../shared/wire/epoch.ts";
import { readFrame, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../../shared/wire/segment-codec.ts";
import { IndexBuilder } from "../../record/segment-reader.ts";
import { NonceCounters, StreamSealer } from "../../seal/sealer.ts";
import type { ExportSegment } from "../protocol.ts";
import { accessUnit, type Clip, type ClipUnit } from "./clip.ts";

export interface FootageKey {
  readonly suite: Suite;
  readonly keyId: number;
  readonly key: Uint8Array;
}

export interface FootageOptions {
  readonly root: string;
  readonly crypto: FluxCrypto;
  readonly cameraId: string;
  readonly streamId: number;
  readonly generation: number;
  /** Key of the epoch that a capture time lies in. */
  readonly keyFor: (epoch: number) => FootageKey | Promise<FootageKey>;
  readonly role?: "main" | "sub";
  readonly start: Micros;
  readonly segmentMicros: number;
}

export interface WrittenSegment extends ExportSegment {
  readonly path: string;
  readonly frames: number;
  readonly keyframes: number;
  readonly audioFrames: number;
  readonly keyId: number;
}

/** Seals a clip as ingest does and writes the segment files that the recorder would. */
export async function writeFootage(clip: Clip, options: FootageOptions): Promise<WrittenSegment[]> {
  const { root, crypto, cameraId, streamId, generation, start, segmentMicros, role = "main" } = options;
  const sealer = new StreamSealer(new NonceCounters(generation), streamId);
  const runId = randomUUID();
  const written: WrittenSegment[] = [];
  for (const units of cut(clip.units, segmentMicros)) {
    const builder = new IndexBuilder();
    const first = units.find(({ codec }) => CODEC_IDS[codec] < CODEC_IDS.aac);
    const header = {
      cameraId,
      streamId,
      role,
      suite: 1,
      keyId: 1,
      codec: CODEC_IDS[first?.codec ?? "h264"],
      codecString: clip.codecString,
      width: clip.width,
      height: clip.height,
      start: micros(start + (first?.pts ?? 0)),
      runId,
    };
    const pieces: Uint8Array[] = [];
    let offset = 256;
    let keyId = 0;
    for (const unit of units) {
      const captureTime = micros(start + unit.pts);
      const epoch = Math.floor(captureTime / (EPOCH_SECONDS * 1_000_000));
      const found = await options.keyFor(epoch);
      keyId = found.keyId;
      const aead = crypto.importKey(found.suite, found.key);
      const key = { suiteId: SUITE_IDS[found.suite], keyId, epoch, aead };
      const bytes = new Uint8Array(sealedFrameBytes(unit.data.byteLength));
      const access = accessUnit(unit, micros(unit.pts), micros(unit.dts), captureTime);
      sealer.seal(access, { captureTime, cameraClock: false }, key, bytes, 0);
      aead.dispose();
      const frame = readFrame(bytes);
      if (frame) builder.add(frame.header, offset);
      pieces.push(bytes);
      offset += bytes.byteLength;
    }
    const index = builder.finish(offset);
    const day = new Date(header.start / 1000).toISOString().slice(0, 10).replaceAll("-", "");
    const relative = `${cameraId}/${day}/${Math.floor(header.start / 1e6)}-${streamId}`;
    const path = join(root, relative);
    await mkdir(dirname(path), { recursive: true });
    const whole = Buffer.concat([encodeSegmentHeader(header), ...pieces, encodeSegmentIndex(index)]);
    await writeFile(path, whole, { mode: 0o600 });
    written.push({
      segmentId: written.length + 1,
      runId,
      startMicros: index.start,
      endMicros: index.end,
      bytes: whole.byteLength,
      open: false,
      place: { kind: "file", path },
      path: relative,
      frames: index.frames,
      keyframes: index.keyframes.length,
      audioFrames: index.audioFrames,
      keyId,
    });
  }
  return written;
}

/** At keyframes, as the recorder does. */
function cut(units: readonly ClipUnit[], segmentMicros: number): ClipUnit[][] {
  const segments: ClipUnit[][] = [];
  let begun = Number.NEGATIVE_INFINITY;
  for (const unit of units) {
    const video = CODEC_IDS[unit.codec] < CODEC_IDS.aac;
    if (video && unit.keyframe && unit.pts - begun >= segmentMicros) {
      segments.push([]);
      begun = unit.pts;
    }
    segments.at(-1)?.push(unit);
  }
  return segments;
}
