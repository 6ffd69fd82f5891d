import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import type { PlaybackClientMessage, PlaybackServerMessage } from "../../shared/wire/playback-messages.ts";
import {
  HEADER_BYTES,
  MAX_PAYLOAD_BYTES,
  readHeader,
  type SealedHeader,
  sealedFrameBytes,
} from "../../shared/wire/sealed-frame.ts";
import { isAudio } from "../fanout/frames.ts";
import type { ArchiveAnswer, ArchiveAuthority, ArchiveSegment } from "../relay/protocol.ts";
import type { ReadableSegment, SegmentCache } from "./segment-cache.ts";

export type ReadRequest = Extract<PlaybackClientMessage, { type: "read" }>;
type End = Extract<PlaybackServerMessage, { type: "end" }>;

/** What a viewer may have of a camera's archive. */
export type CameraRight = Pick<ArchiveAnswer, "allowed" | "audible">;

export interface ReadContext {
  readonly connectionId: string;
  readonly authority: ArchiveAuthority;
  readonly segments: SegmentCache;
  readonly send: (message: PlaybackServerMessage) => void;
  readonly sendFrames: (requestId: number, pieces: readonly Uint8Array[]) => void;
  /** Resolves when more may be sent. */
  readonly room: () => Promise<void>;
  /** Sends what is missing of these frames' keys. Throws `keys.revoked`, `playback.denied`. */
  readonly grant: (cameraId: string, headers: readonly SealedHeader[]) => Promise<void>;
  /** Cancelled, or the line is gone. */
  readonly stopped: () => boolean;
  /** The right to this camera, asked for again where the last answer is older than may be. */
  readonly right: (cameraId: string) => Promise<CameraRight>;
  /** Runs what waits for a bucket, so that reads from disks do not wait behind it. */
  readonly aside: <T>(work: () => Promise<T>) => Promise<T>;
  /** A file could not be read: counted, and passed over. */
  readonly onBadFile: (segment: ArchiveSegment, error: unknown) => void;
}

/** Of a bucket that this footage lies in. */
const AWAY = new Set(["storage.unreachable", "storage.denied", "storage.refused", "archive.busy", "net.refused"]);
const MESSAGES: Readonly<Record<string, string>> = {
  "keys.revoked": "the key of this footage was destroyed",
  "archive.unreachable": "the storage of this footage does not answer",
};
/** Read and sent at once. */
const PIECE_BYTES = 512 * 1024;
/** A keyframe's first read: most fit. */
const KEYFRAME_BYTES = 128 * 1024;

/** One `read` of a viewer: finds the files, and sends GOP by GOP until the bounds or the limit are reached. */
export class Read {
  readonly #request: ReadRequest;
  readonly #context: ReadContext;
  #sentBytes = 0;
  #frames = 0;
  #source = "";
  #lastKeyframe: number | undefined;
  /** Where the next read goes on, once this one is full. */
  #next: number | undefined;
  /** The viewer may hear the camera, by the last word of who decides. */
  #audible = false;

  constructor(request: ReadRequest, context: ReadContext) {
    this.#request = request;
    this.#context = context;
  }

  async run(): Promise<void> {
    const { requestId, cameraId } = this.#request;
    const { send, stopped } = this.#context;
    try {
      const end = await this.#run();
      if (!stopped()) send(end);
    } catch (error) {
      if (stopped()) return;
      const code = errorCode(error) ?? "playback.failed";
      if (code === "playback.denied") send({ type: "denied", requestId, code: "auth.camera_denied" });
      else {
        const message = MESSAGES[code] ?? "the footage cannot be read";
        send({ type: "error", requestId, code, message, field: cameraId });
        send(this.#end(null));
      }
    }
  }

  async #run(): Promise<End> {
    const { direction, toMicros } = this.#request;
    const forward = direction === "forward";
    let from = this.#request.fromMicros;
    const seen = new Set<number>();
    for (;;) {
      const answer = await this.#find(from);
      // A segment that ends where the search goes on is found again.
      const segments = answer.segments.filter(({ segmentId }) => !seen.has(segmentId));
      if (segments.length === 0) {
        const nothing = seen.size === 0;
        return this.#end(null, nothing ? answer : undefined);
      }
      for (const [index, segment] of segments.entries()) {
        if (this.#context.stopped()) return this.#end(null);
        seen.add(segment.segmentId);
        this.#announce(segments, index);
        const full = await this.#segment(segment, from);
        if (full) return this.#end(this.#next ?? null);
        from = forward ? Math.max(from, segment.endMicros) : Math.min(from, segment.startMicros - 1);
      }
      if (forward ? from >= toMicros : from < toMicros) return this.#end(null);
      // The index's end of an open segment does not move on within this read.
      if (segments.some(({ closed }) => !closed)) return this.#end(null);
    }
  }

  async #find(fromMicros: number): Promise<ArchiveAnswer> {
    const { cameraId, role, direction, toMicros } = this.#request;
    const { authority, connectionId } = this.#context;
    const bound = direction === "forward" ? Math.max(fromMicros, toMicros) : Math.min(fromMicros, toMicros);
    const answer = await authority.archive(connectionId, { cameraId, role, direction, fromMicros, toMicros: bound });
    if (!answer.allowed) throw new FluxError("playback.denied", "not permitted");
    this.#audible = answer.audible;
    return answer;
  }

  /** True: the read is over. */
  async #segment(segment: ArchiveSegment, from: number): Promise<boolean> {
    try {
      const use = () => this.#context.segments.use(segment, (opened) => this.#gops(opened, from));
      return await (segment.place.kind === "object" ? this.#context.aside(use) : use());
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (code === "playback.denied" || code.startsWith("keys.") || code.startsWith("relay.")) throw error;
      // It may be there again in a moment: who waits for it is told, and nothing is passed over.
      if (AWAY.has(code))
        throw new FluxError("archive.unreachable", "the storage of this footage does not answer", { cause: error });
      this.#context.onBadFile(segment, error);
      return false;
    }
  }

  async #gops(opened: ReadableSegment, from: number): Promise<boolean> {
    const { direction, toMicros, maxBytes, cameraId, keyframesApartMicros: apart } = this.#request;
    const { stopped, right } = this.#context;
    const { keyframes } = opened;
    const forward = direction === "forward";
    const holding = keyframes.findLastIndex(({ captureTime }) => captureTime <= from);
    // Before the first keyframe: forward it is the beginning, backward there is nothing.
    if (!forward && holding < 0) return false;
    for (let at = Math.max(0, holding); at >= 0 && at < keyframes.length; at += forward ? 1 : -1) {
      const keyframe = keyframes[at];
      if (!keyframe) return false;
      const { captureTime, offset } = keyframe;
      const next = keyframes[at + 1];
      if (
        forward ? captureTime >= toMicros && captureTime > from : (next?.captureTime ?? Number.MAX_VALUE) <= toMicros
      ) {
        return this.#over(null);
      }
      if (apart !== undefined && this.#tooClose(captureTime, apart)) continue;
      const end = apart === undefined ? opened.readableTo(offset, next?.offset ?? opened.dataEnd) : undefined;
      const bytes = end === undefined ? KEYFRAME_BYTES : end - offset;
      if (this.#sentBytes > 0 && this.#sentBytes + bytes > maxBytes) return this.#over(captureTime);
      if (stopped()) return true;
      const { allowed, audible } = await right(cameraId);
      if (!allowed) throw new FluxError("playback.denied", "not permitted");
      this.#audible = audible;
      if (end === undefined) await this.#keyframe(opened, offset);
      else await this.#gop(opened, offset, end);
      this.#lastKeyframe = captureTime;
      if (this.#sentBytes >= maxBytes)
        return this.#over(forward ? (next?.captureTime ?? captureTime + 1) : captureTime - 1);
    }
    return false;
  }

  #over(nextMicros: number | null): true {
    this.#next = nextMicros ?? undefined;
    return true;
  }

  #tooClose(captureTime: number, apart: number): boolean {
    return this.#lastKeyframe !== undefined && Math.abs(captureTime - this.#lastKeyframe) < apart;
  }

  /** Sends the frames of one GOP, piece by piece; a frame is never split. */
  async #gop(opened: ReadableSegment, start: number, end: number): Promise<void> {
    let at = start;
    while (at < end) {
      if (this.#context.stopped()) return;
      let piece = await opened.readAt(at, Math.min(PIECE_BYTES, end - at));
      let { frames, used } = wholeFrames(piece, this.#wanted());
      if (used === 0) {
        // A frame longer than a piece.
        const { length } = readHeader(piece);
        piece = await opened.readAt(at, sealedFrameBytes(length));
        ({ frames, used } = wholeFrames(piece, this.#wanted()));
        if (used === 0) throw new FluxError("segment.short", "the file is shorter than its index says");
      }
      await this.#sendAll(frames);
      at += used;
    }
  }

  #wanted(): Wanted {
    const { audio, video } = this.#request;
    return { audio: audio === true && this.#audible, video: video !== false };
  }

  async #keyframe(opened: ReadableSegment, offset: number): Promise<void> {
    let piece = await opened.readAt(offset, KEYFRAME_BYTES);
    const header = readHeader(piece);
    const bytes = sealedFrameBytes(header.length);
    if (piece.byteLength < bytes) piece = await opened.readAt(offset, bytes);
    if (piece.byteLength < bytes) throw new FluxError("segment.short", "the file is shorter than its index says");
    await this.#sendAll([{ header, bytes: piece.subarray(0, bytes) }]);
  }

  async #sendAll(frames: readonly { readonly header: SealedHeader; readonly bytes: Uint8Array }[]): Promise<void> {
    if (frames.length === 0) return;
    const { grant, room, sendFrames, stopped } = this.#context;
    const { requestId, cameraId } = this.#request;
    await grant(
      cameraId,
      frames.map(({ header }) => header),
    );
    await room();
    if (stopped()) return;
    sendFrames(
      requestId,
      frames.map(({ bytes }) => bytes),
    );
    this.#frames += frames.length;
    for (const { bytes } of frames) this.#sentBytes += bytes.byteLength;
  }

  /** Tells what follows when it differs from what came before. */
  #announce(segments: readonly ArchiveSegment[], index: number): void {
    const segment = segments[index];
    if (!segment) return;
    const { streamId, role, codecString, width, height, runId, cameraId } = segment;
    const source = [streamId, codecString, width, height, runId].join(" ");
    if (source === this.#source) return;
    this.#source = source;
    const run = segments.filter((other) => other.runId === runId && other.streamId === streamId);
    this.#context.send({
      type: "source",
      requestId: this.#request.requestId,
      ...{ cameraId, streamId, role, codecString, width, height },
      spanStartMicros: Math.min(...run.map(({ startMicros }) => startMicros)),
      spanEndMicros: Math.max(...run.map(({ endMicros }) => endMicros)),
    });
  }

  #end(nextMicros: number | null, nearest?: ArchiveAnswer): End {
    return {
      type: "end",
      requestId: this.#request.requestId,
      nextMicros,
      frames: this.#frames,
      earlierMicros: nearest?.earlierMicros ?? null,
      laterMicros: nearest?.laterMicros ?? null,
    };
  }
}

export interface Wanted {
  readonly audio: boolean;
  readonly video: boolean;
}

/** Frames that lie whole in `piece` from its start on, of the kinds that are wanted. Throws `wire.*`. */
export function wholeFrames(
  piece: Uint8Array,
  wanted: Wanted,
): { frames: { readonly header: SealedHeader; readonly bytes: Uint8Array }[]; used: number } {
  const frames = [];
  let used = 0;
  while (used + HEADER_BYTES <= piece.byteLength) {
    const header = readHeader(piece, used);
    if (header.length > MAX_PAYLOAD_BYTES) break;
    const end = used + sealedFrameBytes(header.length);
    if (end > piece.byteLength) break;
    if (isAudio(header) ? wanted.audio : wanted.video) frames.push({ header, bytes: piece.subarray(used, end) });
    used = end;
  }
  return { frames, used };
}
