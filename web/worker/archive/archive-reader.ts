import type { Clock } from "../../../shared/lib/clock.ts";
import { FLAG, type SealedFrame } from "../../../shared/wire/sealed-frame.ts";
import type { ArchiveConnection } from "./archive-connection.ts";
import { Footage } from "./footage.ts";
import { type Gop, GopAssembler } from "./gop.ts";
import type { EndMessage, ReadHandle, ReadRequest } from "./line-reads.ts";
import type { ReadMode } from "./read-mode.ts";
import { type PlannedRead, planRead } from "./read-plan.ts";

export interface ArchiveReaderDeps {
  readonly clock: Clock;
  readonly connection: Pick<ArchiveConnection, "read">;
  /** The server's UTC, µs. */
  nowMicros(): number;
  /** How many bytes of sealed footage may be held. */
  maxBytes(): number;
  onBits(bits: number): void;
  onStage(stage: "asked" | "found" | "arrived" | "whole"): void;
  /** Something came. */
  onChange(): void;
  /** The camera may not be seen: everything that is here has been forgotten. */
  onDenied(): void;
}

export interface ReadWish {
  readonly positionMicros: number;
  readonly rate: number;
  readonly forward: boolean;
}

interface Stretch {
  readonly fromMicros: number;
  readonly toMicros: number;
}

interface Reading {
  readonly request: ReadRequest;
  readonly footage: Footage;
  readonly mode: ReadMode;
  readonly gops: Gop[];
  readonly assembler: GopAssembler;
  handle: ReadHandle | undefined;
}

const SCRUB_BYTES = 8 * 1024 * 1024;
/** Whether the recording has gone on is asked so often. */
const POLL_MS = 1000;
const FAILED_AGAIN_MS = 1000;
/** A denied camera is asked for again: permissions come back without the viewer being told. */
const DENIED_AGAIN_MS = 30_000;
const DAY_MICROS = 86_400_000_000;
const MAX_REVOKED = 64;
/** A read that taught nothing is not made again at once. */
const SAME_AGAIN_MS = 250;

/** Brings one camera's footage: one read at a time, of what the position needs most. */
export class ArchiveReader {
  readonly cameraId: string;
  readonly #deps: ArchiveReaderDeps;
  readonly #stores: Record<ReadMode, Footage> = { whole: new Footage(), keys: new Footage(), scrub: new Footage() };
  readonly #revoked: Stretch[] = [];
  #role: "main" | "sub" | undefined;
  #mode: ReadMode = "whole";
  #apartMicros: number | undefined;
  #reading: Reading | undefined;
  #notBeforeMs = 0;
  #pollDueMs = 0;
  #deniedCode: string | undefined;
  #newestScrub: Gop | undefined;
  #newest = { key: "", sinceMs: Number.NEGATIVE_INFINITY };

  constructor(cameraId: string, deps: ArchiveReaderDeps) {
    this.cameraId = cameraId;
    this.#deps = deps;
  }

  get mode(): ReadMode {
    return this.#mode;
  }
  /** What has been read for the mode. */
  get footage(): Footage {
    return this.#stores[this.#mode];
  }
  get whole(): Footage {
    return this.#stores.whole;
  }
  /** The GOP that came last while scrubbing. */
  get newestScrub(): Gop | undefined {
    return this.#newestScrub;
  }
  get role(): "main" | "sub" | undefined {
    return this.#role;
  }
  get deniedCode(): string | undefined {
    return this.#deniedCode;
  }

  /** Where the key is known to be destroyed. */
  revokedAt(micros: number): Stretch | undefined {
    return this.#revoked.find(({ fromMicros, toMicros }) => fromMicros <= micros && micros < toMicros);
  }

  setRole(role: "main" | "sub"): void {
    if (role === this.#role) return;
    this.#role = role;
    for (const mode of ["whole", "keys"] as const) this.#stores[mode].clear();
    if (this.#reading?.mode !== "scrub") this.#cancel();
  }

  setMode(mode: ReadMode, keyframesApartMicros: number | undefined): void {
    if (mode === this.#mode && keyframesApartMicros === this.#apartMicros) return;
    if (mode === "keys" && keyframesApartMicros !== this.#apartMicros) this.#stores.keys.clear();
    if (this.#reading && (this.#reading.mode !== mode || mode === "keys")) this.#cancel();
    this.#mode = mode;
    this.#apartMicros = keyframesApartMicros;
  }

  /** The clock is set to another time: a read of what is elsewhere must not be waited for. */
  seek(micros: number): void {
    const reading = this.#reading;
    if (!reading || reading.mode !== this.#mode) return;
    if (reading.mode === "scrub") {
      // What is under way is shown in passing; what was not even asked for is not worth its turn.
      if (reading.handle?.asked === false && reading.request.fromMicros !== micros) this.#cancel();
      return;
    }
    if (reading.request.fromMicros !== micros && this.footage.at(micros).kind === "unknown") this.#cancel();
  }

  /** Begins the next read when there is none; throws away what lies farthest. */
  read({ positionMicros, rate, forward }: ReadWish): void {
    const { footage } = this;
    const maxBytes = this.#mode === "scrub" ? SCRUB_BYTES : this.#deps.maxBytes();
    footage.evict(positionMicros, forward, maxBytes);
    const now = this.#deps.clock.monotonicMs();
    if (this.#reading || now < this.#notBeforeMs) return;
    const scrub = this.#mode === "scrub";
    const aim = { positionMicros, rate, forward, scrub, keyframesApartMicros: this.#apartMicros };
    const revoked = this.revokedAt(positionMicros);
    if (revoked && footage.at(positionMicros).kind === "unknown") footage.blank(revoked.fromMicros, revoked.toMicros);
    const poll = now >= this.#pollDueMs;
    const planned = planRead(footage, aim, { aheadBytes: maxBytes / 2 }, poll);
    if (!planned || this.#isRepeated(planned, now)) return;
    if (poll) this.#pollDueMs = now + POLL_MS;
    // Small pictures are enough while the pointer moves.
    const role = scrub ? "sub" : (this.#role ?? "sub");
    this.#begin({ cameraId: this.cameraId, role, ...planned });
  }

  /** The right to the camera was withdrawn: nothing of what is here may be kept. */
  withdraw(code: string): void {
    this.#cancel();
    this.#deny(code);
    this.#deps.onChange();
  }

  close(): void {
    this.#cancel();
    this.#clear();
  }

  #isRepeated({ direction, fromMicros, maxBytes }: PlannedRead, now: number): boolean {
    const key = `${this.#mode} ${direction} ${fromMicros} ${maxBytes}`;
    const repeated = this.#newest.key === key && now - this.#newest.sinceMs < SAME_AGAIN_MS;
    if (!repeated) this.#newest = { key, sinceMs: now };
    return repeated;
  }

  #begin(request: ReadRequest): void {
    const gops: Gop[] = [];
    const assembler = new GopAssembler((gop) => this.#onGop(reading, gop));
    const reading: Reading = {
      ...{ request, gops, assembler },
      footage: this.footage,
      mode: this.#mode,
      handle: undefined,
    };
    this.#reading = reading;
    this.#deps.onStage("asked");
    reading.handle = this.#deps.connection.read(request, {
      onSource: (source) => {
        this.#deps.onStage("found");
        assembler.source(source);
      },
      onFrames: (frames) => {
        this.#deps.onStage("arrived");
        this.#onFrames(reading, frames);
      },
      onEnd: (end) => this.#onEnd(reading, end),
      onFailed: (code, denied) => this.#onFailed(reading, code, denied),
    });
  }

  #onFrames(reading: Reading, frames: readonly SealedFrame[]): void {
    this.#deps.onBits(frames.reduce((sum, { bytes }) => sum + bytes.byteLength * 8, 0));
    reading.assembler.push(frames);
    // A GOP of keyframes only is whole as soon as it is there.
    if (reading.request.keyframesApartMicros !== undefined && frames.some(isKeyframe)) reading.assembler.finish();
  }

  #onGop(reading: Reading, gop: Gop): void {
    this.#deniedCode = undefined;
    reading.gops.push(gop);
    reading.footage.add(gop);
    if (reading.mode === "scrub") this.#newestScrub = gop;
    this.#deps.onStage("whole");
    this.#deps.onChange();
  }

  #onEnd(reading: Reading, end: EndMessage): void {
    if (this.#reading !== reading) return;
    this.#reading = undefined;
    reading.assembler.finish();
    this.#deniedCode = undefined;
    reading.footage.learn(reading.request, reading.gops, end, this.#deps.nowMicros());
    this.#deps.onChange();
  }

  #onFailed(reading: Reading, code: string, denied: boolean): void {
    if (this.#reading !== reading) return;
    this.#reading = undefined;
    reading.assembler.finish();
    const now = this.#deps.clock.monotonicMs();
    if (code === "keys.revoked") this.#onRevoked(reading);
    else if (denied) this.#deny(code);
    else this.#notBeforeMs = now + FAILED_AGAIN_MS;
    this.#deps.onChange();
  }

  #deny(code: string): void {
    this.#deniedCode = code;
    this.#notBeforeMs = this.#deps.clock.monotonicMs() + DENIED_AGAIN_MS;
    this.#clear();
    this.#deps.onDenied();
  }

  /** Keys are destroyed for a camera's whole UTC day: nothing of the rest of that day can be opened. */
  #onRevoked({ request, footage, gops }: Reading): void {
    const last = gops.at(-1);
    const forward = request.direction === "forward";
    const edge = last && (forward ? last.lastMicros + 1 : last.startMicros - 1);
    const from = edge ?? request.fromMicros;
    const day = Math.floor(from / DAY_MICROS) * DAY_MICROS;
    const range = forward
      ? { fromMicros: from, toMicros: day + DAY_MICROS }
      : { fromMicros: day, toMicros: Math.max(from, day) + 1 };
    if (this.#revoked.length >= MAX_REVOKED) this.#revoked.shift();
    this.#revoked.push(range);
    footage.blank(range.fromMicros, range.toMicros);
  }

  #clear(): void {
    for (const store of Object.values(this.#stores)) store.clear();
    this.#newestScrub = undefined;
    this.#newest = { key: "", sinceMs: Number.NEGATIVE_INFINITY };
  }

  #cancel(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    this.#newest = { key: "", sinceMs: Number.NEGATIVE_INFINITY };
    reading?.handle?.cancel();
  }
}

function isKeyframe({ header }: SealedFrame): boolean {
  return (header.flags & (FLAG.keyframe | FLAG.audio)) === FLAG.keyframe;
}
