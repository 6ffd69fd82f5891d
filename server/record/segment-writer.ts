import { join } from "node:path";
import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES, type SegmentHeader } from "../../shared/wire/segment-file.ts";
import { isKeyframe } from "../fanout/frames.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import type { ChunkPool } from "./chunk-pool.ts";
import { IndexBuilder } from "./segment-reader.ts";
import type { AppendFile, VolumeIo } from "./volume-io.ts";

export interface WaitingFrame {
  readonly header: SealedHeader;
  readonly bytes: Uint8Array;
}

interface Batch {
  readonly frames: WaitingFrame[];
  readonly chunks: Uint8Array<ArrayBuffer>[];
}

const MAX_NAMES = 1000;

/** One segment file: frames gather in memory, `write` and `sync` bring them to the disk. */
export class SegmentWriter {
  readonly header: SegmentHeader;
  readonly volumeId: string;
  readonly #root: string;
  readonly #io: VolumeIo;
  readonly #pool: ChunkPool;
  readonly #builder = new IndexBuilder();
  #waiting: Batch = { frames: [], chunks: [] };
  /** Written, or being written, and not yet safe. */
  #onTheWay: Batch = { frames: [], chunks: [] };
  #chunk: Uint8Array<ArrayBuffer> | undefined;
  #chunkUsed = 0;
  #file: AppendFile | undefined;
  #path = "";
  #position = 0;
  #ended = false;
  #closed = false;
  #pending: SegmentFact | undefined;
  #safe: SegmentFact | undefined;
  #folderSafe = false;

  constructor(
    header: SegmentHeader,
    volume: { readonly id: string; readonly path: string },
    io: VolumeIo,
    pool: ChunkPool,
  ) {
    this.header = header;
    this.volumeId = volume.id;
    this.#root = volume.path;
    this.#io = io;
    this.#pool = pool;
  }

  /** What is safely on disk; undefined: nothing yet. */
  get safe(): SegmentFact | undefined {
    return this.#safe;
  }
  get ended(): boolean {
    return this.#ended;
  }
  /** Closed properly, or given up. */
  get closed(): boolean {
    return this.#closed;
  }
  /** No frame was ever added. */
  get empty(): boolean {
    return this.#position === 0 && this.#waiting.frames.length === 0 && this.#onTheWay.frames.length === 0;
  }
  /** Memory that its frames take. */
  get heldBytes(): number {
    let bytes = 0;
    for (const chunk of this.#waiting.chunks) bytes += chunk.byteLength;
    for (const chunk of this.#onTheWay.chunks) bytes += chunk.byteLength;
    return bytes;
  }
  /** There is something to write. */
  get dirty(): boolean {
    return !this.#closed && (this.#ended || this.#waiting.frames.length > 0);
  }

  /** Copies the frame. False: no memory for it. */
  add(frame: SealedHeader, bytes: Uint8Array): boolean {
    let chunk = this.#chunk;
    if (!chunk || this.#chunkUsed + bytes.byteLength > chunk.byteLength) {
      const next = this.#pool.take(bytes.byteLength);
      if (!next) return false;
      this.#waiting.chunks.push(next);
      this.#chunk = next;
      this.#chunkUsed = 0;
      chunk = next;
    }
    chunk.set(bytes, this.#chunkUsed);
    const copy = chunk.subarray(this.#chunkUsed, this.#chunkUsed + bytes.byteLength);
    this.#chunkUsed += bytes.byteLength;
    this.#waiting.frames.push({ header: frame, bytes: copy });
    return true;
  }

  /** No frame follows: the next write closes the file. */
  end(): void {
    this.#ended = true;
  }

  /** Brings what waits to the file; it is safe only after `sync`. One call at a time. */
  async write(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = { frames: [], chunks: [] };
    this.#chunk = undefined;
    this.#onTheWay = {
      frames: [...this.#onTheWay.frames, ...batch.frames],
      chunks: [...this.#onTheWay.chunks, ...batch.chunks],
    };
    const pieces: Uint8Array[] = [];
    this.#file ??= await this.#create();
    if (this.#closed) return this.#abandon();
    let position = this.#position;
    if (position === 0) {
      pieces.push(encodeSegmentHeader(this.header));
      position = SEGMENT_HEADER_BYTES;
    }
    for (const { header, bytes } of batch.frames) {
      this.#builder.add(header, position);
      pieces.push(bytes);
      position += bytes.byteLength;
    }
    const ends = this.#ended;
    if (ends) {
      const index = encodeSegmentIndex(this.#builder.finish(position));
      pieces.push(index);
      position += index.byteLength;
    }
    if (pieces.length > 0) await this.#file.write(pieces, this.#position);
    this.#position = position;
    this.#pending = this.#fact();
    if (ends) this.#closed = true;
  }

  /** After this, `safe` says what survives a power cut. */
  async sync(): Promise<void> {
    const file = this.#file;
    if (!file) return;
    await file.sync();
    if (!this.#folderSafe) {
      await this.#io.syncFolder(join(this.#root, this.#path, ".."));
      this.#folderSafe = true;
    }
    for (const chunk of this.#onTheWay.chunks) this.#pool.give(chunk);
    this.#onTheWay = { frames: [], chunks: [] };
    this.#safe = this.#pending;
    if (this.#closed) {
      this.#file = undefined;
      await file.close();
    }
  }

  /** The volume failed: returns the frames that are not safe, in order. The caller calls `release` when done with them. */
  giveUp(): readonly WaitingFrame[] {
    this.#closed = true;
    this.#ended = true;
    // It may hang as everything else there does.
    this.#file?.close().catch(() => {});
    this.#file = undefined;
    return [...this.#onTheWay.frames, ...this.#waiting.frames];
  }

  /** Hands all memory back. `inUse`: an operation that hangs still reads it, so that nobody else may have it. */
  release(inUse: boolean): void {
    for (const chunk of [...this.#onTheWay.chunks, ...this.#waiting.chunks]) {
      if (inUse) this.#pool.drop(chunk);
      else this.#pool.give(chunk);
    }
    this.#onTheWay = { frames: [], chunks: [] };
    this.#waiting = { frames: [], chunks: [] };
    this.#chunk = undefined;
  }

  /** Given up while the file was being made: it is empty. */
  async #abandon(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    await this.#io.remove(join(this.#root, this.#path));
  }

  async #create(): Promise<AppendFile> {
    const { cameraId, start, streamId } = this.header;
    const second = Math.floor(start / 1_000_000);
    const day = new Date(second * 1000).toISOString().slice(0, 10).replaceAll("-", "");
    // An unmounted disk leaves its folder behind: it must not be filled instead.
    if ((await this.#io.marker(this.#root)) !== this.volumeId) {
      throw Object.assign(new Error("the folder is not the volume that it was"), { code: "ENODEV" });
    }
    for (let n = 0; n < MAX_NAMES; n++) {
      const path = join(cameraId, day, `${second}-${streamId}${n === 0 ? "" : `-${n}`}`);
      try {
        const file = await this.#io.create(join(this.#root, path));
        this.#path = path;
        return file;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
    throw Object.assign(new Error("no name is left for the segment"), { code: "EEXIST" });
  }

  #fact(): SegmentFact {
    const { cameraId, streamId, role, runId, start, keyId, codec, codecString, width, height } = this.header;
    const { frames, keyframes, audioFrames, end } = this.#builder;
    const facts = { cameraId, streamId, role, runId, keyId, codec, codecString, width, height };
    const range = { startMicros: start, endMicros: Math.max(start, end) };
    return {
      ...facts,
      ...range,
      volumeId: this.volumeId,
      path: this.#path,
      bytes: this.#position,
      frames,
      keyframes,
      audioFrames,
    };
  }
}

/** The first frame from which a new file may begin. */
export function firstKeyframe(frames: readonly WaitingFrame[]): number {
  return frames.findIndex(({ header }) => isKeyframe(header));
}
