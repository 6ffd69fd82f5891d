import { join } from "node:path";
import type { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import type { ManifestMedia } from "../../shared/evidence/manifest.ts";
import { isAudioFrame, isKeyframeOf, sealedFrames } from "../../shared/evidence/sealed-media.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { FLAG, type SealedFrame, type SealedHeader } from "../../shared/wire/sealed-frame.ts";
import type { Footage } from "./footage.ts";
import type { ItemLog } from "./item-log.ts";
import { MediaFile } from "./media-file.ts";
import type { ExportItem } from "./protocol.ts";

/** A file is closed at the next keyframe after this: what players, mail and FAT file systems bear. */
const MAX_FILE_BYTES = 3_500_000_000;
const MAX_FILE_MICROS = 3_600_000_000;
/** More than this between two pictures is a gap: what follows is a file of its own, at its own time. */
const GAP_MICROS = 2_000_000;

export interface MediaItemOptions {
  readonly item: ExportItem;
  readonly container: "mp4" | "mkv";
  readonly audio: boolean;
  readonly workFolder: string;
  readonly opener: FrameOpener;
  readonly log: ItemLog;
  /** A file is complete. */
  readonly onFile: (path: string, media: Omit<ManifestMedia, "item">) => Promise<void>;
}

/** Writes an item's footage to media files: one for each unbroken stretch of one format. */
export class MediaItem {
  readonly #options: MediaItemOptions;
  #file: MediaFile | undefined;
  #path = "";
  #made = 0;
  #format = "";
  #last: { pts: number; captureTime: number } | undefined;
  #start = 0;
  /** After a frame that did not open nothing decodes up to the next keyframe. */
  #waiting = true;

  constructor(options: MediaItemOptions) {
    this.#options = options;
  }

  async add(footage: Footage, onBytes: (bytes: number) => void): Promise<void> {
    const { item, opener, log, audio } = this.#options;
    const { header } = footage;
    const audioCodec = audio ? footage.audioCodec : undefined;
    const format = [header.runId, header.codec, header.codecString, header.width, header.height, audioCodec].join("|");
    for await (const frame of sealedFrames(footage.file, footage.from, footage.to)) {
      onBytes(frame.bytes.byteLength);
      const sound = isAudioFrame(frame);
      if (sound && (!audio || this.#waiting)) continue;
      const keyframe = isKeyframeOf(frame);
      if (!sound && this.#waiting && !keyframe) {
        log.missed(frame.header, "damaged");
        continue;
      }
      let payload: Uint8Array;
      try {
        payload = await opener.open(item.cameraId, frame);
      } catch (error) {
        this.#refused(frame, error);
        continue;
      }
      if (sound) {
        await this.#file?.addAudio(frame.header, payload);
        continue;
      }
      this.#waiting = false;
      if (keyframe && (format !== this.#format || this.#breaks(frame.header))) {
        await this.#next(footage, frame.header, format, audioCodec);
      }
      await this.#file?.addVideo(frame.header, payload);
      this.#last = frame.header;
    }
  }

  /** A stretch could not be read: the next one begins a file. */
  interrupt(): void {
    this.#waiting = true;
    this.#format = "";
  }

  async finish(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    if (file) await this.#options.onFile(this.#path, await file.finish());
  }

  async abandon(): Promise<void> {
    await this.#file?.abandon();
    this.#file = undefined;
  }

  async #next(footage: Footage, first: SealedHeader, format: string, audioCodec: number | undefined): Promise<void> {
    await this.finish();
    const { item, container, workFolder } = this.#options;
    const { codec, codecString, width, height } = footage.header;
    this.#path = join(workFolder, `${this.#made++}.${container}`);
    const startMicros = first.captureTime;
    const title = `${item.cameraName} ${new Date(startMicros / 1000).toISOString()}`;
    const facts = { codec, codecString, width, height, audioCodec, title, startMicros };
    this.#file = await MediaFile.create({ path: this.#path, container, ...facts });
    this.#format = format;
    this.#start = startMicros;
  }

  /** Whether a keyframe cannot go on in the file that is open. */
  #breaks({ flags, pts, captureTime }: SealedHeader): boolean {
    const [file, last] = [this.#file, this.#last];
    if (!file || !last) return true;
    if ((flags & FLAG.codecChange) !== 0) return true;
    if (file.bytes > MAX_FILE_BYTES || captureTime - this.#start > MAX_FILE_MICROS) return true;
    if (pts <= file.highestPts || pts - file.highestPts > GAP_MICROS) return true;
    return Math.abs(pts - last.pts - (captureTime - last.captureTime)) > GAP_MICROS;
  }

  #refused(frame: SealedFrame, error: unknown): void {
    const code = errorCode(error) ?? "";
    if (code === "keys.revoked") this.#options.log.missed(frame.header, "key-revoked");
    else if (code === "crypto.auth_failed") this.#options.log.missed(frame.header, "damaged");
    else if (code.startsWith("keys.")) this.#options.log.missed(frame.header, "no-key");
    else throw error instanceof Error ? error : new FluxError("export.failed", String(error));
    if (!isAudioFrame(frame)) this.#waiting = true;
  }
}
