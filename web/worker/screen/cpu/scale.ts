import type { Rect } from "../geometry.ts";
import type { PlanarPicture, YuvLayout } from "./planar-picture.ts";

/** Fraction bits of a position within the picture. */
const BITS = 8;
const UNIT = 1 << BITS;
const HALF = UNIT >> 1;

/** For each output column or row: the first of the two samples that it lies between, and how far it is to the second. */
interface Steps {
  readonly index: Int32Array;
  readonly fraction: Int32Array;
}

function stepsOf(from: number, length: number, samples: number, count: number): Steps {
  const index = new Int32Array(count);
  const fraction = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    // Centres of output pixels onto centres of samples, kept between the outermost two.
    const at = (from + ((i + 0.5) / count) * length) * samples - 0.5;
    const position = Math.round(Math.min(Math.max(at, 0), samples - 1) * UNIT);
    const whole = Math.min(position >> BITS, Math.max(0, samples - 2));
    index[i] = whole;
    fraction[i] = samples < 2 ? 0 : position - (whole << BITS);
  }
  return { index, fraction };
}

function clamp(value: number): number {
  if (value < 0) return 0;
  return Math.min(value, 255);
}

/**
 * Scales a part of a picture (0..1) into RGBA: luma between its four neighbours, chroma from the nearest sample.
 * `out`: width * height pixels, red in the lowest byte.
 */
export function scaleToRgba(
  picture: PlanarPicture,
  source: Rect,
  width: number,
  height: number,
  out: Uint32Array<ArrayBuffer>,
): void {
  const columns = stepsOf(source.x, source.width, picture.width, width);
  const rows = stepsOf(source.y, source.height, picture.height, height);
  for (let row = 0; row < height; row++) {
    if (picture.yuv) yuvRow(picture, picture.yuv, columns, rows, row, out);
    else rgbaRow(picture, columns, rows, row, out);
  }
}

/** The hot loop of walls without a GPU: plain arithmetic on typed arrays, nothing allocated. */
function yuvRow(
  { data, width, height }: PlanarPicture,
  { uOffset, vOffset, chromaStride, chromaStep, tables }: YuvLayout,
  columns: Steps,
  rows: Steps,
  row: number,
  out: Uint32Array,
): void {
  const { y: yTable, rV, gU, gV, bU } = tables;
  const { index, fraction } = columns;
  const count = index.length;
  const line = rows.index[row] ?? 0;
  const down = rows.fraction[row] ?? 0;
  const top = line * width;
  const bottom = line + 1 < height ? top + width : top;
  const right = width > 1 ? 1 : 0;
  const chromaLine = ((line + ((down + HALF) >> BITS)) >> 1) * chromaStride;
  let to = row * count;
  for (let column = 0; column < count; column++) {
    const x = index[column] as number;
    const across = fraction[column] as number;
    const a = data[top + x] as number;
    const c = data[bottom + x] as number;
    const upper = (a << BITS) + ((data[top + x + right] as number) - a) * across;
    const lower = (c << BITS) + ((data[bottom + x + right] as number) - c) * across;
    const luma = ((upper << BITS) + (lower - upper) * down + (1 << (2 * BITS - 1))) >> (2 * BITS);
    const chroma = chromaLine + ((x + ((across + HALF) >> BITS)) >> 1) * chromaStep;
    const u = data[uOffset + chroma] as number;
    const v = data[vOffset + chroma] as number;
    const light = yTable[luma] as number;
    const red = clamp((light + (rV[v] as number)) >> 16);
    const green = clamp((light + (gU[u] as number) + (gV[v] as number)) >> 16);
    const blue = clamp((light + (bU[u] as number)) >> 16);
    out[to++] = 0xff000000 | (blue << 16) | (green << 8) | red;
  }
}

function rgbaRow({ data, width }: PlanarPicture, columns: Steps, rows: Steps, row: number, out: Uint32Array): void {
  const line = (rows.index[row] ?? 0) + (((rows.fraction[row] ?? 0) + HALF) >> BITS);
  const count = columns.index.length;
  for (let column = 0; column < count; column++) {
    const x = (columns.index[column] ?? 0) + (((columns.fraction[column] ?? 0) + HALF) >> BITS);
    const at = (line * width + x) * 4;
    const green = (data[at + 1] ?? 0) << 8;
    out[row * count + column] = 0xff000000 | ((data[at + 2] ?? 0) << 16) | green | (data[at] ?? 0);
  }
}
