import type { ManifestGap, ManifestMedia } from "../../shared/evidence/manifest.ts";
import { isAudioFrame } from "../../shared/evidence/sealed-media.ts";
import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import type { ExportItem } from "./protocol.ts";

/** Less than this between files is the rounding of a picture's duration. */
const SLACK_MICROS = 200_000;

/** What became of an item's footage: which times it holds, and what is missing and why. */
export class ItemLog {
  readonly #gaps: ManifestGap[] = [];
  readonly #spans: { startMicros: number; endMicros: number }[] = [];

  /** A frame that is recorded and could not be taken. */
  missed(header: SealedHeader, reason: string): void {
    const frames = isAudioFrame({ header }) ? 0 : 1;
    const last = this.#gaps.at(-1);
    if (last && last.reason === reason && header.captureTime - last.endMicros < 1_000_000) {
      last.endMicros = Math.max(last.endMicros, header.captureTime);
      last.frames += frames;
      return;
    }
    this.#gaps.push({ startMicros: header.captureTime, endMicros: header.captureTime, reason, frames });
  }

  /** A stretch of which nothing could be read. */
  lost(startMicros: number, endMicros: number, reason: string): void {
    this.#gaps.push({ startMicros, endMicros, reason, frames: 0 });
  }

  held({ startMicros, endMicros }: Pick<ManifestMedia, "startMicros" | "endMicros">): void {
    this.#spans.push({ startMicros, endMicros });
  }

  get reasons(): readonly string[] {
    return this.#gaps.map(({ reason }) => reason);
  }

  contained(): { startMicros: number; endMicros: number } | undefined {
    if (this.#spans.length === 0) return undefined;
    return {
      startMicros: Math.min(...this.#spans.map(({ startMicros }) => startMicros)),
      endMicros: Math.max(...this.#spans.map(({ endMicros }) => endMicros)),
    };
  }

  /** Known gaps, what was found while reading, and what nobody explains. */
  gaps({ startMicros, endMicros, gaps }: ExportItem): ManifestGap[] {
    const known = [...gaps.map((gap) => ({ ...gap })), ...this.#gaps];
    const covered = [...this.#spans, ...known].sort((a, b) => a.startMicros - b.startMicros);
    const unexplained: ManifestGap[] = [];
    let at = startMicros;
    for (const span of [...covered, { startMicros: endMicros, endMicros }]) {
      if (span.startMicros > endMicros) break;
      if (span.startMicros - at > SLACK_MICROS) {
        unexplained.push({ startMicros: at, endMicros: span.startMicros, reason: "not-recorded", frames: 0 });
      }
      at = Math.max(at, span.endMicros);
    }
    return [...known, ...unexplained].sort((a, b) => a.startMicros - b.startMicros);
  }
}
