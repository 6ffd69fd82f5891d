import type { FramePixels } from "../../atlas/frame-pixels.ts";
import { RGB_ROWS, yuvToRgbRows } from "../colour.ts";

/** A picture's samples in memory, I420 or NV12 or RGBA, and how to make colours of them. */
export interface PlanarPicture {
  readonly width: number;
  readonly height: number;
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly data: Uint8Array<ArrayBuffer>;
  /** Undefined: `data` is RGBA. */
  readonly yuv: YuvLayout | undefined;
}

export interface YuvLayout {
  readonly uOffset: number;
  readonly vOffset: number;
  readonly chromaStride: number;
  /** Distance of neighbouring chroma samples: 1 planar, 2 interleaved. */
  readonly chromaStep: number;
  readonly tables: ColourTables;
}

/** Contributions of each sample value to each channel, 16 fraction bits, rounding included in `y`. */
export interface ColourTables {
  readonly y: Int32Array;
  readonly rV: Int32Array;
  readonly gU: Int32Array;
  readonly gV: Int32Array;
  readonly bU: Int32Array;
}

const ONE = 65_536;

function colourTables(rows: Float32Array): ColourTables {
  const table = (scale: number, offset: number): Int32Array =>
    Int32Array.from({ length: 256 }, (_, value) => Math.round((value * scale + offset * 255) * ONE));
  const at = (index: number): number => rows[index] ?? 0;
  // `y` carries red's offset; the other channels' differences from it go with their chroma terms.
  const greenOffset = at(7) - at(3);
  return {
    y: table(at(0), at(3) + 0.5 / 255),
    rV: table(at(2), 0),
    gU: table(at(5), greenOffset),
    gV: table(at(6), 0),
    bU: table(at(9), at(11) - at(3)),
  };
}

/** Keeps the tables of the few colour spaces that there are. */
export class ColourTableCache {
  readonly #tables = new Map<string, ColourTables>();

  of(colour: FramePixels["colour"]): ColourTables {
    const name = colour ? `${colour.matrix}/${colour.fullRange}` : "rgb";
    let tables = this.#tables.get(name);
    if (!tables) {
      tables = colourTables(colour ? yuvToRgbRows(colour) : RGB_ROWS);
      this.#tables.set(name, tables);
    }
    return tables;
  }
}

/** Takes over the samples of a frame; undefined when they were not read into memory. */
export function planarPicture(pixels: FramePixels, cache: ColourTableCache): PlanarPicture | undefined {
  const { plan, width, height, displayWidth, displayHeight, data, colour } = pixels;
  if (!data) return undefined;
  const facts = { width, height, displayWidth, displayHeight, data };
  if (plan === "rgba") return { ...facts, yuv: undefined };
  const chromaWidth = Math.ceil(width / 2);
  const uOffset = width * height;
  const tables = cache.of(colour);
  const yuv =
    plan === "i420"
      ? { uOffset, vOffset: uOffset + chromaWidth * Math.ceil(height / 2), chromaStride: chromaWidth, chromaStep: 1 }
      : { uOffset, vOffset: uOffset + 1, chromaStride: chromaWidth * 2, chromaStep: 2 };
  return { ...facts, yuv: { ...yuv, tables } };
}
