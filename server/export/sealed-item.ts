import { type FileHandle, open } from "node:fs/promises";
import { type KeyName, keyLabel, keyNameOf } from "../../shared/evidence/frame-opener.ts";
import type { PackageKey } from "../../shared/evidence/key-file.ts";
import type { ManifestMedia } from "../../shared/evidence/manifest.ts";
import { isAudioFrame, isKeyframeOf, sealedFrames } from "../../shared/evidence/sealed-media.ts";
import { micros } from "../../shared/lib/time.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES } from "../../shared/wire/segment-file.ts";
import { IndexBuilder } from "../record/segment-reader.ts";
import type { Footage } from "./footage.ts";
import { codecName } from "./media-file.ts";

const WRITE_BYTES = 1024 * 1024;

/** The keys of a package, each asked for once. */
export class KeyCollector {
  readonly keys: PackageKey[] = [];
  readonly #ask: (name: KeyName) => Promise<PackageKey>;
  readonly #seen = new Set<string>();

  constructor(ask: (name: KeyName) => Promise<PackageKey>) {
    this.#ask = ask;
  }

  /** Throws `keys.*`. */
  async need(name: KeyName): Promise<void> {
    const label = keyLabel(name);
    if (this.#seen.has(label)) return;
    this.keys.push(await this.#ask(name));
    this.#seen.add(label);
  }
}

/**
 * Writes a segment trimmed to whole GOPs: frames byte for byte as they were sealed, header and index made anew (W102).
 * Throws `keys.*` when the key of a frame cannot be had.
 */
export async function writeSealedSegment(
  footage: Footage,
  path: string,
  keys: KeyCollector,
  onBytes: (bytes: number) => void,
): Promise<Omit<ManifestMedia, "item">> {
  const { header } = footage;
  const file = await open(path, "wx", 0o600);
  try {
    const index = new IndexBuilder();
    const out = new Appender(file);
    let keyframes = 0;
    let audioCodec: number | undefined;
    for await (const frame of sealedFrames(footage.file, footage.from, footage.to)) {
      if (index.frames === 0) {
        await out.add(encodeSegmentHeader({ ...header, start: frame.header.captureTime }));
      }
      await keys.need(keyNameOf(header.cameraId, frame.header));
      if (isKeyframeOf(frame)) keyframes++;
      if (isAudioFrame(frame)) audioCodec ??= frame.header.codec;
      index.add(frame.header, out.bytes);
      await out.add(frame.bytes);
      onBytes(frame.bytes.byteLength);
    }
    const ended = index.finish(Math.max(out.bytes, SEGMENT_HEADER_BYTES));
    await out.add(encodeSegmentIndex(ended));
    await out.flush();
    const { frames, audioFrames, start, end } = ended;
    return {
      codec: codecName(header.codec),
      width: header.width,
      height: header.height,
      startMicros: start,
      endMicros: end,
      durationMicros: Math.max(0, micros(end - start)),
      frames: frames - audioFrames,
      keyframes,
      audioFrames,
      audioCodec: audioCodec === undefined ? null : codecName(audioCodec),
    };
  } finally {
    await file.close();
  }
}

/** Few large writes instead of one per frame. */
class Appender {
  readonly #file: FileHandle;
  #pieces: Uint8Array[] = [];
  #pending = 0;
  bytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async add(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
    this.#pending += piece.byteLength;
    this.bytes += piece.byteLength;
    if (this.#pending >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#pending = 0;
    await this.#file.writeFile(whole);
  }
}
