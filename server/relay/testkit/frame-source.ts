import { FrameMaker, type SyntheticStream } from "./frames.ts";

interface Due {
  readonly maker: FrameMaker;
  nextMs: number;
}

/** Frames of many cameras, spread evenly over time, in batches as an ingest worker posts them. */
export class FrameSource {
  readonly #streams: Due[];

  constructor(streams: readonly SyntheticStream[], startMs: number) {
    this.#streams = streams.map((stream, index) => ({
      maker: new FrameMaker(stream),
      nextMs: startMs + (index * 1000) / stream.fps / streams.length,
    }));
  }

  /** Everything due by `nowMs`, back to back in one buffer; undefined when nothing is. */
  batch(nowMs: number, utcMicros: number): ArrayBuffer | undefined {
    const due: FrameMaker[] = [];
    let bytes = 0;
    for (const entry of this.#streams) {
      if (entry.nextMs > nowMs) continue;
      // One frame of a stream per batch: sizes below are those of the next frame.
      due.push(entry.maker);
      bytes += entry.maker.nextBytes;
      entry.nextMs += 1000 / entry.maker.stream.fps;
    }
    if (bytes === 0) return undefined;
    const buffer = new ArrayBuffer(bytes);
    const out = new Uint8Array(buffer);
    let offset = 0;
    for (const maker of due) offset = maker.write(out, offset, utcMicros);
    return buffer;
  }
}

export function cameraId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}

/** Sub streams are even, main streams odd. */
export const subStreamId = (index: number): number => 2 * index + 2;
export const mainStreamId = (index: number): number => 2 * index + 3;
