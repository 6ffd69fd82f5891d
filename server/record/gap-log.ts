import type { GapReason } from "../../shared/api/recording.ts";
import type { GapFact } from "../ingest/protocol.ts";

/** A hole shorter than this is no gap: cameras stutter. */
export const GAP_MICROS = 2_000_000;
/** When recording begins a keyframe is awaited; cameras have key intervals of up to 10 s. */
const FIRST_KEYFRAME_MICROS = 10_000_000;
const LONGEST_TICK_MS = 1500;

/** What should have been recorded of one stream and is not (R8). */
export class GapLog {
  readonly #cameraId: string;
  readonly #streamId: number;
  readonly #report: (gap: GapFact) => void;
  /** Since when footage is owed; undefined: nothing is to be recorded. */
  #owedFrom: number | undefined;
  #first = true;
  #reason: GapReason | undefined;
  #detail: string | undefined;
  #lost = 0;
  /** Told, and not over yet: its start and reason stand. */
  #lasting = false;
  /** Since recording began, or a frame was recorded: in whole ticks. */
  #quietMs = 0;
  /** Undefined: there was a frame since the last tick. */
  #tickedMs: number | undefined;

  constructor(cameraId: string, streamId: number, report: (gap: GapFact) => void) {
    this.#cameraId = cameraId;
    this.#streamId = streamId;
    this.#report = report;
  }

  /** Recording begins: from now on, or with the pre-roll's first frame. */
  begin(nowMicros: number): void {
    this.#owedFrom = nowMicros;
    this.#heard();
    this.#first = true;
    this.#forgetCause();
  }

  /** Why what follows is missing. The first cause of a gap stays. */
  cause(reason: GapReason, detail?: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#detail = detail;
  }

  /** What was recorded from here on is lost. */
  owedSince(micros: number): void {
    if (this.#owedFrom !== undefined && !this.#lasting) this.#owedFrom = Math.min(this.#owedFrom, micros);
  }

  /** Before the first keyframe nothing is owed, unless there is a cause. */
  lost(frames: number): void {
    if (this.#first && this.#reason === undefined) return;
    this.#lost += frames;
  }

  /** A frame that is recorded; true: a gap lies before it. */
  covered(captureMicros: number, endMicros: number): boolean {
    const from = this.#owedFrom;
    let gap = false;
    this.#heard();
    if (from !== undefined) {
      const hole = captureMicros - from;
      // While recording begins, a camera that is only now connecting is no gap either.
      const caused = this.#lasting || (this.#reason !== undefined && !this.#first);
      gap = this.#lost > 0 || caused || hole > (this.#first ? FIRST_KEYFRAME_MICROS : GAP_MICROS);
      if (gap) this.#tell(from, captureMicros);
    }
    this.#owedFrom = endMicros;
    this.#first = false;
    return gap;
  }

  /** Once a second: a gap is told while it lasts. True: just now. */
  tick(nowMicros: number, monotonicMs: number): boolean {
    const from = this.#owedFrom;
    // Time in which this thread did not run is no evidence against the camera: its frames wait.
    this.#quietMs += Math.min(monotonicMs - (this.#tickedMs ?? monotonicMs), LONGEST_TICK_MS);
    this.#tickedMs = monotonicMs;
    if (from === undefined || this.#lasting) return false;
    const patience = this.#first ? FIRST_KEYFRAME_MICROS : GAP_MICROS;
    if (this.#quietMs * 1000 <= patience && (this.#first || this.#reason === undefined)) return false;
    this.#lasting = true;
    this.#reason ??= this.#cause;
    this.#report({ ...this.#fact(from, nowMicros), open: true });
    return true;
  }

  /** Single frames that are missing within a stretch that goes on. */
  missing(fromMicros: number, toMicros: number, frames: number): void {
    const range = { startMicros: fromMicros, endMicros: Math.max(fromMicros, toMicros) };
    this.#report({ ...this.#who(), ...range, reason: "frames-lost", detail: undefined, frames });
  }

  /** Nothing more is to be recorded. */
  end(nowMicros: number): void {
    const from = this.#owedFrom;
    this.#owedFrom = undefined;
    if (from === undefined) return;
    if (this.#lasting || this.#lost > 0 || nowMicros - from > (this.#first ? FIRST_KEYFRAME_MICROS : GAP_MICROS))
      this.#tell(from, nowMicros);
    this.#forgetCause();
  }

  #tell(fromMicros: number, toMicros: number): void {
    this.#report(this.#fact(fromMicros, toMicros));
    this.#forgetCause();
  }

  #fact(fromMicros: number, toMicros: number): GapFact {
    const range = { startMicros: fromMicros, endMicros: Math.max(fromMicros, toMicros) };
    return { ...this.#who(), ...range, reason: this.#cause, detail: this.#detail, frames: this.#lost };
  }

  #heard(): void {
    this.#quietMs = 0;
    this.#tickedMs = undefined;
  }

  get #cause(): GapReason {
    return this.#reason ?? (this.#lost > 0 ? "frames-lost" : "camera-offline");
  }

  #who(): Pick<GapFact, "cameraId" | "streamId"> {
    return { cameraId: this.#cameraId, streamId: this.#streamId };
  }

  #forgetCause(): void {
    this.#reason = undefined;
    this.#detail = undefined;
    this.#lost = 0;
    this.#lasting = false;
  }
}
