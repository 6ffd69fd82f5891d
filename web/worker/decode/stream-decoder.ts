import type { Clock } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import type { Micros } from "../../../shared/lib/time.ts";
import type { VideoCodec } from "../../../shared/media/types.ts";
import type { StatedColour } from "../screen/colour.ts";
import type { DecodeBackend, DecoderLike } from "./backend.ts";
import type { CodecSupport, DecoderChoice, DecoderSite, HardwareBudget } from "./codec-support.ts";
import type { FrameLedger, OwnedFrame } from "./frame-ledger.ts";
import { keyframeFacts } from "./keyframe-facts.ts";

export interface EncodedUnit {
  readonly codec: VideoCodec;
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  readonly codecChange: boolean;
  readonly pts: Micros;
  readonly captureTime: Micros;
}

export interface DecodedPicture {
  readonly owned: OwnedFrame;
  readonly pts: Micros;
  readonly captureTime: Micros;
  /** What the stream's parameter set says of its colours. */
  readonly colour: StatedColour | undefined;
}

export type DecoderState =
  | { readonly phase: "waiting" | "choosing" | "running" }
  | { readonly phase: "failed"; readonly detail: string }
  | { readonly phase: "unsupported"; readonly detail: string };

export interface StreamDecoderDeps {
  readonly clock: Clock;
  readonly backend: DecodeBackend;
  readonly support: CodecSupport;
  readonly budget: HardwareBudget;
  readonly ledger: FrameLedger;
  /** Takes ownership of the picture. */
  onPicture(picture: DecodedPicture): void;
}

/** A queue longer than this that does not shrink by a fifth in BACKLOG_MS means that decoding is slower than the camera. */
const BACKLOG_FRAMES = 12;
const BACKLOG_MS = 1000;
const BACKLOG_PROGRESS = 0.8;
/** At once too much: more than the GOP of 600 frames that a viewer may begin with (SPEC W43). */
const MAX_QUEUE_FRAMES = 660;
/** Pictures that a decoder may owe before it counts as silent: more than any reorder depth. */
const SILENT_UNITS = 20;
const SILENT_HARDWARE_MS = 2000;
const SILENT_SOFTWARE_MS = 5000;
const BACKOFF_MS = { first: 250, max: 30_000 } as const;
/** After this many pictures in a row a past failure is forgiven. */
const HEALTHY_PICTURES = 50;
const MAX_META = 1024;

/**
 * One stream's decoder. Starts at keyframes only, follows codec changes, restarts after errors with a capped
 * backoff, and skips to a keyframe rather than falling behind.
 */
export class StreamDecoder {
  readonly #deps: StreamDecoderDeps;
  #state: DecoderState = { phase: "waiting" };
  #decoder: DecoderLike | undefined;
  #choice: DecoderChoice | undefined;
  #holdsHardware = false;
  #softwareOnly = false;
  #codecString: string | undefined;
  #announced: string | undefined;
  #colour: StatedColour | undefined;
  #held: EncodedUnit[] = [];
  #choosing = 0;
  readonly #captureTimes = new Map<number, Micros>();
  #skipping = false;
  #backlog: { readonly peak: number; readonly sinceMs: number } | undefined;
  #failures = 0;
  #retryAt = 0;
  #goodPictures = 0;
  #owed = 0;
  #lastProgress = 0;
  #decoded = 0;
  #dropped = 0;
  #closed = false;

  constructor(deps: StreamDecoderDeps) {
    this.#deps = deps;
  }

  get state(): DecoderState {
    return this.#state;
  }
  get site(): DecoderSite | undefined {
    return this.#choice?.site;
  }
  get codecString(): string | undefined {
    return this.#codecString ?? this.#announced;
  }
  get queueSize(): number {
    return (this.#decoder?.decodeQueueSize ?? 0) + this.#held.length;
  }
  /** Pictures that came out, since the start. */
  get decoded(): number {
    return this.#decoded;
  }
  /** Units thrown away because decoding was late, since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What the server says of the stream; used when the keyframe does not say it itself. */
  announce(codecString: string | undefined): void {
    this.#announced = codecString;
  }

  push(unit: EncodedUnit): void {
    if (this.#closed) return;
    if (unit.keyframe) this.#pushKeyframe(unit);
    else if (this.#state.phase === "choosing") this.#hold(unit);
    else if (this.#state.phase === "running") this.#pushDelta(unit);
  }

  /** Units before the next one are missing: nothing may be decoded until a keyframe. */
  gap(): void {
    if (this.#state.phase === "running") this.#skipping = true;
    if (this.#state.phase === "choosing") this.#restartAtKeyframe();
  }

  /** To be called about twice a second: a decoder that takes units and outputs nothing is replaced. */
  checkProgress(): void {
    if (this.#state.phase !== "running" || this.#owed < SILENT_UNITS) return;
    const silentMs = this.#deps.clock.monotonicMs() - this.#lastProgress;
    const inHardware = this.#choice?.site !== "software";
    if (silentMs < (inHardware ? SILENT_HARDWARE_MS : SILENT_SOFTWARE_MS)) return;
    if (this.#holdsHardware) this.#deps.budget.lower();
    this.#fail("the decoder takes frames and outputs none");
  }

  /** Gives the decoder back until the next keyframe: nobody is looking for a while. */
  rest(): void {
    if (this.#closed || this.#state.phase === "unsupported") return;
    this.#dropDecoder();
    this.#restartAtKeyframe();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#dropDecoder();
    this.#held = [];
    this.#captureTimes.clear();
  }

  #pushKeyframe(unit: EncodedUnit): void {
    const facts = keyframeFacts(unit.codec, unit.data);
    const codecString = facts.codecString ?? this.#announced;
    const same = codecString !== undefined && codecString === this.#codecString;
    if (this.#state.phase === "running" && same && !unit.codecChange) {
      if (this.#behind()) this.#catchUp();
      this.#skipping = false;
      this.#decode(unit);
      return;
    }
    if (this.#state.phase === "unsupported" && same) return;
    if (codecString === undefined || this.#deps.clock.monotonicMs() < this.#retryAt) return;
    this.#codecString = codecString;
    this.#colour = facts.colour;
    this.#held = [unit];
    this.#state = { phase: "choosing" };
    void this.#choose(codecString, ++this.#choosing);
  }

  #pushDelta(unit: EncodedUnit): void {
    if (!this.#skipping && this.#behind()) this.#skipping = true;
    if (this.#skipping) this.#dropped++;
    else this.#decode(unit);
  }

  #hold(unit: EncodedUnit): void {
    if (this.#held.length < MAX_QUEUE_FRAMES) this.#held.push(unit);
    else this.#restartAtKeyframe();
  }

  async #choose(codecString: string, turn: number): Promise<void> {
    const choices = await this.#deps.support.choices(codecString);
    if (this.#closed || turn !== this.#choosing || this.#state.phase !== "choosing") return;
    const units = this.#held;
    this.#held = [];
    if (choices.length === 0) {
      this.#dropDecoder();
      this.#state = { phase: "unsupported", detail: codecString };
      return;
    }
    const choice = this.#pick(choices);
    if (!choice) {
      this.#state = { phase: "waiting" };
      return;
    }
    try {
      this.#configure(choice);
    } catch (error) {
      this.#fail(describeError(error));
      return;
    }
    this.#state = { phase: "running" };
    this.#skipping = false;
    this.#owed = 0;
    this.#lastProgress = this.#deps.clock.monotonicMs();
    for (const unit of units) this.#decode(unit);
  }

  #pick(choices: readonly DecoderChoice[]): DecoderChoice | undefined {
    if (this.#holdsHardware) {
      this.#deps.budget.giveBack();
      this.#holdsHardware = false;
    }
    for (const choice of choices) {
      if (choice.site !== "hardware") return choice;
      if (this.#softwareOnly || !this.#deps.budget.take()) continue;
      this.#holdsHardware = true;
      return choice;
    }
    return choices[0];
  }

  #configure(choice: DecoderChoice): void {
    this.#choice = choice;
    let decoder = this.#decoder;
    if (!decoder || decoder.state === "closed") {
      const created: DecoderLike = this.#deps.backend.createDecoder({
        output: (frame) => this.#onFrame(created, frame),
        error: (error) => {
          if (this.#decoder === created) this.#fail(describeError(error));
        },
      });
      decoder = created;
      this.#decoder = decoder;
    }
    decoder.configure(choice.config);
  }

  #decode(unit: EncodedUnit): void {
    if (!this.#decoder) return;
    this.#captureTimes.set(unit.pts, unit.captureTime);
    if (this.#captureTimes.size > MAX_META) this.#captureTimes.delete(this.#captureTimes.keys().next().value ?? 0);
    this.#owed++;
    try {
      this.#decoder.decode(
        this.#deps.backend.createChunk({
          type: unit.keyframe ? "key" : "delta",
          timestamp: unit.pts,
          data: unit.data as BufferSource,
        }),
      );
    } catch (error) {
      this.#fail(describeError(error));
    }
  }

  #onFrame(source: DecoderLike, frame: VideoFrame): void {
    const owned = this.#deps.ledger.own(frame);
    if (this.#closed || source !== this.#decoder) {
      owned.close();
      return;
    }
    const pts = frame.timestamp as Micros;
    const captureTime = this.#captureTimes.get(pts) ?? pts;
    this.#captureTimes.delete(pts);
    this.#decoded++;
    this.#owed = 0;
    this.#lastProgress = this.#deps.clock.monotonicMs();
    if (++this.#goodPictures >= HEALTHY_PICTURES) this.#failures = 0;
    this.#deps.onPicture({ owned, pts, captureTime, colour: this.#colour });
  }

  /** Whether decoding cannot keep up, as opposed to working off the burst at the start of a GOP. */
  #behind(): boolean {
    const queued = this.#decoder?.decodeQueueSize ?? 0;
    if (queued > MAX_QUEUE_FRAMES) return true;
    const now = this.#deps.clock.monotonicMs();
    const mark = this.#backlog;
    if (queued <= BACKLOG_FRAMES) {
      this.#backlog = undefined;
    } else if (!mark || queued < mark.peak * BACKLOG_PROGRESS) {
      this.#backlog = { peak: queued, sinceMs: now };
    } else if (now - mark.sinceMs > BACKLOG_MS) {
      return true;
    } else if (queued > mark.peak) {
      this.#backlog = { ...mark, peak: queued };
    }
    return false;
  }

  /** At a keyframe with a backlog: everything queued is older than this keyframe, so it is thrown away. */
  #catchUp(): void {
    if (!this.#decoder || !this.#choice) return;
    this.#dropped += this.#decoder.decodeQueueSize;
    this.#backlog = undefined;
    this.#captureTimes.clear();
    this.#decoder.reset();
    this.#decoder.configure(this.#choice.config);
  }

  #restartAtKeyframe(): void {
    this.#choosing++;
    this.#held = [];
    this.#state = { phase: "waiting" };
  }

  #fail(detail: string): void {
    if (this.#closed) return;
    // A codec that hardware could not manage may still be decodable in software.
    if (this.#choice && this.#choice.site !== "software") this.#softwareOnly = true;
    this.#dropDecoder();
    this.#restartAtKeyframe();
    this.#goodPictures = 0;
    const delayMs = this.#failures === 0 ? 0 : Math.min(BACKOFF_MS.max, BACKOFF_MS.first * 2 ** this.#failures);
    this.#failures++;
    this.#retryAt = this.#deps.clock.monotonicMs() + delayMs;
    this.#state = { phase: "failed", detail };
  }

  #dropDecoder(): void {
    const decoder = this.#decoder;
    this.#decoder = undefined;
    this.#captureTimes.clear();
    this.#owed = 0;
    if (this.#holdsHardware) this.#deps.budget.giveBack();
    this.#holdsHardware = false;
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}
