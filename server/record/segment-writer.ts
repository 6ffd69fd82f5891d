import { join } from "node:path";
import { type SealedHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES, type SegmentHeader, type SegmentIndex } from "../../shared/wire/segment-file.ts";
import { isKeyframe } from "../fanout/frames.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import { FrameBuffer, type WaitingFrame } from "./frame-buffer.ts";
import { IndexBuilder } from "./segment-reader.ts";
import type { AppendFile, VolumeIo } from "./volume-io.ts";

export interface SegmentWriterOptions {
  readonly header: SegmentHeader;
  readonly volume: { readonly id: string; readonly path: string };
  readonly io: VolumeIo;
  readonly pool: ChunkPool;
  /**
   * There is another volume to go on with: frames are held until they are safe, and the newest GOP even then, as it is
   * the beginning of the next file.
   */
  readonly hold: boolean;
}

/** What a file leaves behind whose volume failed. */
export interface GivenUp {
  /** Frames that are not safe, in order. */
  readonly unsafe: readonly WaitingFrame[];
  /** Where those do not begin with a keyframe: the safe frames since the last one, if they are still held. */
  readonly before: readonly WaitingFrame[];
  /** Frames that are neither safe nor held. */
  readonly lost: number;
}

/** What of the file survives a power cut. */
interface Safe {
  readonly fact: SegmentFact;
  readonly index: SegmentIndex;
}

const MAX_NAMES = 1000;
/** A longer GOP is not held: after a change of the volume recording goes on with the next keyframe. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * One segment file: frames gather in memory, `write` and `sync` bring them to the disk. One of these calls at a time,
 * by whoever owns the volume.
 */
export class SegmentWriter {
  readonly header: SegmentHeader;
  readonly #options: SegmentWriterOptions;
  readonly #builder = new IndexBuilder();
  #waiting: FrameBuffer;
  #waitingSinceMs: number | undefined;
  /** Written, or being written, and not yet safe. */
  #onTheWay: FrameBuffer | undefined;
  #kept: FrameBuffer[] = [];
  #file: AppendFile | undefined;
  #path = "";
  #position = 0;
  #state: "open" | "ended" | "closing" | "closed" | "given-up" = "open";
  #busy: "write" | "sync" | undefined;
  #pending: Safe | undefined;
  #safe: Safe | undefined;
  #folderSafe = false;
  /** Frames that are written, not safe, and not held. */
  #unheld = 0;

  constructor(options: SegmentWriterOptions) {
    this.header = options.header;
    this.#options = options;
    this.#waiting = new FrameBuffer(options.pool);
  }

  get volumeId(): string {
    return this.#options.volume.id;
  }
  /** What is safely on disk; undefined: nothing yet. */
  get safe(): SegmentFact | undefined {
    return this.#safe?.fact;
  }
  /** It takes no more frames. */
  get ended(): boolean {
    return this.#state !== "open";
  }
  /** Properly, with index and trailer. */
  get closed(): boolean {
    return this.#state === "closed";
  }
  get givenUp(): boolean {
    return this.#state === "given-up";
  }
  /** No frame was ever added. */
  get empty(): boolean {
    return this.#position === 0 && this.#waiting.empty && this.#onTheWay === undefined;
  }
  /** Memory that its frames take. */
  get heldBytes(): number {
    const kept = this.#kept.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    return kept + this.#waiting.heldBytes + (this.#onTheWay?.heldBytes ?? 0);
  }

  /** There is something to write that waits since this time (monotonic ms), or the file is to be closed. */
  due(sinceMs: number): boolean {
    if (this.#busy !== undefined || this.#pending) return false;
    if (this.#state === "ended") return true;
    return this.#state === "open" && this.#waitingSinceMs !== undefined && this.#waitingSinceMs <= sinceMs;
  }

  /** Copies the frame. False: no memory for it. */
  add(header: SealedHeader, bytes: Uint8Array, nowMs: number): boolean {
    if (!this.#waiting.add(header, bytes)) return false;
    this.#waitingSinceMs ??= nowMs;
    return true;
  }

  /** No frame follows: the next write closes the file. */
  end(): void {
    if (this.#state === "open") this.#state = "ended";
  }

  /** Brings what waits to the file; it is safe only after `sync`. */
  async write(): Promise<void> {
    const batch = this.#waiting;
    this.#onTheWay = batch;
    this.#waiting = new FrameBuffer(this.#options.pool);
    this.#waitingSinceMs = undefined;
    const closes = this.#state === "ended";
    if (closes) this.#state = "closing";
    this.#busy = "write";
    try {
      this.#file ??= await this.#create();
      if (this.givenUp) return;
      const pieces = this.#pieces(batch, closes);
      const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
      await this.#file.write(pieces, this.#position);
      this.#position += bytes;
      const index = this.#builder.finish(this.#position);
      this.#pending = { fact: this.#fact(index), index };
      if (!this.#options.hold && !this.givenUp) this.#forgetWritten();
    } finally {
      this.#busy = undefined;
    }
  }

  /** After this, `safe` says what survives a power cut. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (!file || this.givenUp) return;
    this.#busy = "sync";
    try {
      await file.sync();
      if (!this.#folderSafe) {
        await this.#options.io.syncFolder(join(this.#options.volume.path, this.#path, ".."));
        this.#folderSafe = true;
      }
    } finally {
      this.#busy = undefined;
    }
    // Given up meanwhile: its frames are already on their way elsewhere.
    if (this.givenUp) return;
    this.#safe = this.#pending;
    this.#pending = undefined;
    this.#unheld = 0;
    this.#keep();
    if (this.#state !== "closing") return;
    this.#state = "closed";
    this.release();
    this.#file = undefined;
    await file.close();
  }

  /**
   * The volume failed: what is still held is handed out. Then call `release`, and `finish` once the volume is idle.
   */
  giveUp(): GivenUp {
    const goesOn = this.#state === "open";
    this.#state = "given-up";
    const unsafe = [...(this.#onTheWay?.copies() ?? []), ...this.#waiting.copies()];
    const [first] = unsafe;
    const lost = this.#unheld;
    if (first ? isKeyframe(first.header) : !goesOn) return { before: [], unsafe, lost };
    const kept = this.#kept.flatMap((buffer) => buffer.copies());
    const start = kept.findLastIndex(({ header }) => isKeyframe(header));
    return { before: start < 0 ? [] : kept.slice(start), unsafe, lost };
  }

  /** Hands all memory back. */
  release(): void {
    this.#onTheWay?.release(this.#busy === "write");
    this.#onTheWay = undefined;
    this.#waiting.release();
    for (const buffer of this.#kept.splice(0)) buffer.release();
  }

  /**
   * After `giveUp`: cuts off what is not safe, writes index and trailer if the disk takes them, and lets the file go.
   * True: `safe` has changed.
   */
  async finish(): Promise<boolean> {
    const file = this.#file;
    const safe = this.#safe;
    this.#file = undefined;
    if (!file) return false;
    try {
      if (!safe) {
        await this.#options.io.remove(join(this.#options.volume.path, this.#path));
        return false;
      }
      const trailer = encodeSegmentIndex(safe.index);
      await file.truncate(safe.index.dataEnd);
      await file.write([trailer], safe.index.dataEnd);
      await file.sync();
      this.#safe = { ...safe, fact: { ...safe.fact, bytes: safe.index.dataEnd + trailer.byteLength } };
      return true;
    } catch {
      // It is read up to its last whole frame, as after a crash.
      return false;
    } finally {
      await file.close().catch(() => undefined);
    }
  }

  #pieces(batch: FrameBuffer, closes: boolean): Uint8Array[] {
    const pieces = batch.pieces();
    let position = this.#position;
    if (position === 0) {
      pieces.unshift(encodeSegmentHeader(this.header));
      position = SEGMENT_HEADER_BYTES;
    }
    for (const header of batch.headers) {
      this.#builder.add(header, position);
      position += sealedFrameBytes(header.length);
    }
    if (closes) pieces.push(encodeSegmentIndex(this.#builder.finish(position)));
    return pieces;
  }

  /** The file has it, and nobody else could take it. */
  #forgetWritten(): void {
    this.#unheld = this.#onTheWay?.headers.length ?? 0;
    this.#onTheWay?.release();
    this.#onTheWay = undefined;
  }

  /** What has become safe is let go, but for the newest GOP where that is wanted. */
  #keep(): void {
    const batch = this.#onTheWay;
    this.#onTheWay = undefined;
    if (!batch) return;
    if (batch.hasKeyframe) for (const buffer of this.#kept.splice(0)) buffer.release();
    if (batch.hasKeyframe || this.#kept.length > 0) this.#kept.push(batch);
    else batch.release();
    const bytes = this.#kept.reduce((sum, { heldBytes }) => sum + heldBytes, 0);
    if (bytes > MAX_KEPT_BYTES) for (const buffer of this.#kept.splice(0)) buffer.release();
  }

  async #create(): Promise<AppendFile> {
    const { io, volume } = this.#options;
    const { cameraId, start, streamId } = this.header;
    const second = Math.floor(start / 1_000_000);
    const day = new Date(second * 1000).toISOString().slice(0, 10).replaceAll("-", "");
    // An unmounted disk leaves its folder behind: it must not be filled instead.
    if ((await io.marker(volume.path)) !== volume.id) {
      throw Object.assign(new Error("the folder is not the volume that it was"), { code: "ENODEV" });
    }
    for (let n = 0; n < MAX_NAMES; n++) {
      const path = join(cameraId, day, `${second}-${streamId}${n === 0 ? "" : `-${n}`}`);
      try {
        const file = await io.create(join(volume.path, path));
        this.#path = path;
        return file;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    throw Object.assign(new Error("no name is left for the segment"), { code: "EEXIST" });
  }

  #fact({ frames, keyframes, audioFrames, end }: SegmentIndex): SegmentFact {
    const { cameraId, streamId, role, runId, start, keyId, codec, codecString, width, height } = this.header;
    return {
      ...{ cameraId, streamId, role, runId, keyId, codec, codecString, width, height },
      ...{ startMicros: start, endMicros: Math.max(start, end) },
      volumeId: this.volumeId,
      path: this.#path,
      bytes: this.#position,
      frames,
      keyframes: keyframes.length,
      audioFrames,
    };
  }
}
