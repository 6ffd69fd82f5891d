import type { GapReason } from "../../shared/api/recording.ts";
import type { GapFact } from "../ingest/protocol.ts";

/** A hole shorter than this is no gap: cameras stutter. */
export const GAP_MICROS = 2_000_000;
/** When recording begins a keyframe is awaited; cameras have key intervals of up to 10 s. */
const FIRST_KEYFRAME_MICROS = 10_000_000;

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

  constructor(cameraId: string, streamId: number, report: (gap: GapFact) => void) {
    this.#cameraId = cameraId;
    this.#streamId = streamId;
    this.#report = report;
  }

  /** Recording begins: from now on, or with the pre-roll's first frame. */
  begin(nowMicros: number): void {
    this.#owedFrom = nowMicros;
    this.#first = true;
    this.#forgetCause();
  }

  /** Why what follows is missing. The first cause of a gap stays. */
  cause(reason: GapReason, detail?: string): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#detail = detail;
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
    if (from !== undefined) {
      const hole = captureMicros - from;
      // While recording begins, a camera that is only now connecting is no gap either.
      const caused = this.#reason !== undefined && !this.#first;
      gap = this.#lost > 0 || caused || hole > (this.#first ? FIRST_KEYFRAME_MICROS : GAP_MICROS);
      if (gap) this.#tell(from, captureMicros);
    }
    this.#owedFrom = endMicros;
    this.#first = false;
    return gap;
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
    if (this.#lost > 0 || nowMicros - from > (this.#first ? FIRST_KEYFRAME_MICROS : GAP_MICROS))
      this.#tell(from, nowMicros);
    this.#forgetCause();
  }

  #tell(fromMicros: number, toMicros: number): void {
    const range = { startMicros: fromMicros, endMicros: Math.max(fromMicros, toMicros) };
    const reason = this.#reason ?? (this.#lost > 0 ? "frames-lost" : "camera-offline");
    this.#report({ ...this.#who(), ...range, reason, detail: this.#detail, frames: this.#lost });
    this.#forgetCause();
  }

  #who(): Pick<GapFact, "cameraId" | "streamId"> {
    return { cameraId: this.#cameraId, streamId: this.#streamId };
  }

  #forgetCause(): void {
    this.#reason = undefined;
    this.#detail = undefined;
    this.#lost = 0;
  }
}
