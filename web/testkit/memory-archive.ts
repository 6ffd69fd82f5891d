import type { FluxCrypto } from "../../shared/crypto/crypto.ts";
import { micros } from "../../shared/lib/time.ts";
import type { AudioCodec } from "../../shared/media/types.ts";
import {
  type PlaybackClientMessage,
  type PlaybackServerMessage,
  playbackClientMessage,
} from "../../shared/wire/playback-messages.ts";
import { FLAG, readFrame, type SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type { ArchiveLine, ArchiveLineHandlers, OpenArchiveLine } from "../worker/archive/archive-socket.ts";
import type { SessionKeyOffer } from "../worker/transport/session-key.ts";
import { h264Delta, h264Keyframe } from "./h264.ts";
import { TestSealer } from "./sealing.ts";

type Read = Extract<PlaybackClientMessage, { type: "read" }>;

export interface RecordedGop {
  readonly streamId: number;
  readonly role: "main" | "sub";
  readonly startMicros: number;
  readonly endMicros: number;
  readonly frames: readonly SealedFrame[];
  readonly format: RecordedFormat;
  readonly spanStartMicros: number;
  readonly spanEndMicros: number;
}

export interface RecordedUnits {
  readonly fromMicros: number;
  readonly intervalMicros: number;
  readonly units: readonly { readonly data: Uint8Array; readonly keyframe: boolean }[];
  readonly streamId: number;
  readonly role: "main" | "sub";
  readonly format: RecordedFormat;
  /** Sound that was recorded with it, spread evenly over the same time. */
  readonly sound?: { readonly codec: AudioCodec; readonly frames: readonly Uint8Array[] };
}

export interface RecordedFormat {
  readonly codecString: string;
  readonly width: number;
  readonly height: number;
}

const SMALLEST: RecordedFormat = { codecString: "avc1.42c01e", width: 640, height: 360 };

export interface Recording {
  readonly fromMicros: number;
  readonly gops: number;
  readonly framesPerGop: number;
  readonly intervalMicros: number;
  readonly role?: "main" | "sub";
  readonly streamId?: number;
  /** Order of showing of the frames of a GOP, in decode order; as they come when left out. */
  readonly shown?: readonly number[];
}

/** A server of the archive in memory, after SPEC.md section 12: answers reads from what `record` sealed. */
export class MemoryArchive {
  readonly received: PlaybackClientMessage[] = [];
  readonly denied = new Set<string>();
  readonly revoked = new Set<string>();
  /** While true, reads are taken and not answered. */
  paused = false;
  withholdKeys = false;
  answersPings = false;
  pingMicros: () => number = () => 0;
  refuseLines = false;
  lines = 0;
  sessionKey: Uint8Array = new Uint8Array(32).fill(5);
  readonly #crypto: FluxCrypto;
  readonly #cameras = new Map<string, { readonly sealer: TestSealer; gops: RecordedGop[] }>();
  #open: { readonly handlers: ArchiveLineHandlers; closed: boolean } | undefined;
  readonly #waiting: Read[] = [];

  constructor(crypto: FluxCrypto) {
    this.#crypto = crypto;
  }

  /** Adds footage that can be decoded: pictures in decode order, shown in the same order, evenly spaced. */
  recordUnits(cameraId: string, recorded: RecordedUnits): void {
    const { fromMicros, intervalMicros, units, streamId, role, format, sound } = recorded;
    const sealer = new TestSealer(this.#crypto, { cameraId, keyId: 1, generation: 1, epoch: 1 });
    const camera = this.#cameras.get(cameraId) ?? { sealer, gops: [] };
    this.#cameras.set(cameraId, camera);
    const spanEndMicros = fromMicros + units.length * intervalMicros;
    const starts = units.flatMap(({ keyframe }, index) => (keyframe ? [index] : []));
    starts.forEach((start, place) => {
      const end = starts[place + 1] ?? units.length;
      const frames = units.slice(start, end).map(({ data, keyframe }, at) => {
        const captureTime = micros(fromMicros + (start + at) * intervalMicros);
        return camera.sealer.seal({ streamId, payload: data, keyframe, captureTime, pts: captureTime });
      });
      const [startMicros, endMicros] = [fromMicros + start * intervalMicros, fromMicros + end * intervalMicros];
      for (const [index, payload] of (sound?.frames ?? []).entries()) {
        const at = fromMicros + Math.round((index * (spanEndMicros - fromMicros)) / (sound?.frames.length ?? 1));
        if (sound === undefined || at < startMicros || at >= endMicros) continue;
        const captureTime = micros(at);
        const about = { streamId, payload, keyframe: false, codec: sound.codec, flags: FLAG.audio };
        frames.push(camera.sealer.seal({ ...about, captureTime, pts: captureTime }));
      }
      const span = { spanStartMicros: fromMicros, spanEndMicros };
      camera.gops.push({ streamId, role, startMicros, endMicros, frames, format, ...span });
    });
    camera.gops.sort((a, b) => a.startMicros - b.startMicros);
  }

  /** Adds footage of a camera: `gops` GOPs without an interruption. */
  record(cameraId: string, { fromMicros, gops, framesPerGop, intervalMicros, shown, ...rest }: Recording): void {
    const sealer = new TestSealer(this.#crypto, { cameraId, keyId: 1, generation: 1, epoch: 1 });
    const camera = this.#cameras.get(cameraId) ?? { sealer, gops: [] };
    this.#cameras.set(cameraId, camera);
    const { streamId = 3, role = "sub" } = rest;
    const gopMicros = framesPerGop * intervalMicros;
    for (let index = 0; index < gops; index++) {
      const startMicros = fromMicros + index * gopMicros;
      const frames = Array.from({ length: framesPerGop }, (_, at) => {
        const captureTime = micros(startMicros + (shown?.[at] ?? at) * intervalMicros);
        const keyframe = at === 0;
        const payload = padded(keyframe ? h264Keyframe() : h264Delta());
        return camera.sealer.seal({ streamId, payload, keyframe, captureTime, pts: captureTime });
      });
      const spanEndMicros = fromMicros + gops * gopMicros;
      const gop = { streamId, role, startMicros, endMicros: startMicros + gopMicros, frames, format: SMALLEST };
      camera.gops.push({ ...gop, spanStartMicros: fromMicros, spanEndMicros });
    }
    camera.gops.sort((a, b) => a.startMicros - b.startMicros);
  }

  readonly open: OpenArchiveLine = (_url, handlers) => {
    if (this.refuseLines) return Promise.reject(new Error("refused"));
    this.lines++;
    const open = { handlers, closed: false };
    this.#open = open;
    const line: ArchiveLine = {
      send: (message) => {
        if (!open.closed) this.#receive(playbackClientMessage.parse(message));
      },
      close: () => {
        open.closed = true;
      },
    };
    return Promise.resolve(line);
  };

  readonly createOffer = (): Promise<SessionKeyOffer> =>
    Promise.resolve({ publicKey: "AAAA", derive: () => Promise.resolve(this.sessionKey.slice()) });

  reads(): Read[] {
    return this.received.filter((message): message is Read => message.type === "read");
  }

  say(message: PlaybackServerMessage): void {
    if (this.#open && !this.#open.closed) this.#open.handlers.onControl(message);
  }

  /** Answers what waits. */
  resume(): void {
    this.paused = false;
    for (const read of this.#waiting.splice(0)) this.#answer(read);
  }

  grantKeys(cameraId: string): void {
    const sealer = this.#cameras.get(cameraId)?.sealer;
    if (sealer) this.say({ type: "keys", keys: [sealer.grant(this.sessionKey)] });
  }

  hangUp(final = false): void {
    const open = this.#open;
    if (!open || open.closed) return;
    open.closed = true;
    this.#waiting.length = 0;
    open.handlers.onClosed({ code: final ? "auth.expired" : "transport.closed", message: "", retryable: !final });
  }

  #receive(message: PlaybackClientMessage): void {
    this.received.push(message);
    if (message.type === "hello") {
      const [serverTimeMicros, tokenExpiresAtMicros] = [0, 0];
      const welcome = { connectionId: "c", publicKey: "AAAA", salt: "AAAA", serverTimeMicros, tokenExpiresAtMicros };
      queueMicrotask(() => this.say({ type: "welcome", ...welcome }));
    } else if (message.type === "need_key") {
      if (!this.withholdKeys) this.grantKeys(message.cameraId);
    } else if (message.type === "ping") {
      if (this.answersPings) this.say({ type: "pong", t: message.t, serverTimeMicros: this.pingMicros() });
    } else if (message.type === "cancel") {
      const index = this.#waiting.findIndex(({ requestId }) => requestId === message.requestId);
      if (index >= 0) this.#waiting.splice(index, 1);
    } else if (message.type === "read") {
      if (this.paused) this.#waiting.push(message);
      else queueMicrotask(() => this.#answer(message));
    }
  }

  #answer(read: Read): void {
    const { requestId, cameraId, direction, fromMicros, toMicros, maxBytes, keyframesApartMicros: apart } = read;
    const camera = this.#cameras.get(cameraId);
    if (!camera || this.denied.has(cameraId)) {
      this.say({ type: "denied", requestId, code: "auth.camera_denied" });
      return;
    }
    if (this.revoked.has(cameraId)) {
      this.say({ type: "error", requestId, code: "keys.revoked", message: "destroyed" });
      return;
    }
    const has = camera.gops.some(({ role }) => role === read.role);
    const all = camera.gops.filter(({ role }) => !has || role === read.role);
    const forward = direction === "forward";
    const ordered = forward ? all : [...all].reverse();
    const found = ordered.filter(({ startMicros, endMicros }) =>
      forward
        ? endMicros > fromMicros && startMicros < Math.max(toMicros, fromMicros + 1)
        : startMicros <= fromMicros && endMicros > toMicros,
    );
    if (!this.withholdKeys) this.grantKeys(cameraId);
    let sentBytes = 0;
    let frames = 0;
    let source = "";
    let last: number | undefined;
    let nextMicros: number | null = null;
    for (const gop of found) {
      if (apart !== undefined && last !== undefined && Math.abs(gop.startMicros - last) < apart) continue;
      const sent = apart === undefined ? gop.frames.filter((frame) => wants(read, frame)) : gop.frames.slice(0, 1);
      const bytes = sent.reduce((sum, frame) => sum + frame.bytes.byteLength, 0);
      if (sentBytes > 0 && sentBytes + bytes > maxBytes) {
        nextMicros = gop.startMicros;
        break;
      }
      const { streamId, role, spanStartMicros, spanEndMicros } = gop;
      if (source !== `${streamId}/${spanStartMicros}`) {
        source = `${streamId}/${spanStartMicros}`;
        this.say({
          type: "source",
          requestId,
          cameraId,
          streamId,
          role,
          ...gop.format,
          spanStartMicros,
          spanEndMicros,
        });
      }
      this.#open?.handlers.onFrames(
        requestId,
        sent.flatMap(({ bytes }) => readFrame(bytes.slice()) ?? []),
      );
      sentBytes += bytes;
      frames += sent.length;
      last = gop.startMicros;
    }
    const nothing = frames === 0;
    const earlier = all.filter(({ endMicros }) => endMicros <= Math.min(fromMicros, toMicros)).at(-1)?.endMicros;
    const later = all.find(({ startMicros }) => startMicros >= Math.max(fromMicros, toMicros))?.startMicros;
    this.say({
      type: "end",
      requestId,
      nextMicros,
      frames,
      earlierMicros: nothing ? (earlier ?? null) : null,
      laterMicros: nothing ? (later ?? null) : null,
    });
  }
}

function wants({ audio, video }: Read, { header }: SealedFrame): boolean {
  return (header.flags & FLAG.audio) === 0 ? video !== false : audio === true;
}

/** As large as a small camera's pictures, so that reading ahead has an end. */
function padded(unit: Uint8Array): Uint8Array {
  const out = new Uint8Array(4000).fill(0xff);
  out.set(unit);
  return out;
}
