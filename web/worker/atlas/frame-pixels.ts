import { FluxError } from "../../../shared/lib/errors.ts";
import { type StatedColour, type YuvColour, yuvColourOf } from "../screen/colour.ts";
import type { BufferPool } from "./buffer-pool.ts";
import { type PixelPlan, pixelPlanFor } from "./pixel-plan.ts";

/** A frame on its way into the atlas: its samples in memory, or the frame itself where the GPU copies it. */
export interface FramePixels {
  readonly plan: PixelPlan;
  readonly width: number;
  readonly height: number;
  readonly displayWidth: number;
  readonly displayHeight: number;
  /** Undefined: RGB. */
  readonly colour: YuvColour | undefined;
  /** I420: Y, U, V. NV12: Y, UV. Tightly packed. Undefined with the plan `gpu`. */
  readonly data: Uint8Array<ArrayBuffer> | undefined;
}

const half = (value: number): number => Math.ceil(value / 2);

/**
 * Copies a frame's samples out. The frame stays open and the caller's. `data` belongs to the pool: give it back.
 * Rejects with `atlas.no_conversion` or what the browser throws.
 */
export async function readFrame(
  frame: VideoFrame,
  stated: StatedColour | undefined,
  pool: BufferPool,
  gpuCopyWorks: boolean,
): Promise<FramePixels> {
  const plan = pixelPlanFor(frame.format, gpuCopyWorks);
  const rect = frame.visibleRect;
  const width = rect?.width ?? frame.codedWidth;
  const height = rect?.height ?? frame.codedHeight;
  const facts = { plan, width, height, displayWidth: frame.displayWidth, displayHeight: frame.displayHeight };
  if (plan === "gpu") return { ...facts, colour: undefined, data: undefined };
  if (plan === "rgba") return { ...facts, colour: undefined, data: await readRgba(frame, width, height, pool) };
  const data = await readPlanes(frame, plan, width, height, pool);
  return { ...facts, colour: yuvColourOf(frame.colorSpace, height, stated), data };
}

async function readPlanes(
  frame: VideoFrame,
  plan: "i420" | "nv12",
  width: number,
  height: number,
  pool: BufferPool,
): Promise<Uint8Array<ArrayBuffer>> {
  const chromaWidth = half(width);
  const lumaBytes = width * height;
  const chromaBytes = chromaWidth * half(height);
  const uvStride = plan === "i420" ? chromaWidth : chromaWidth * 2;
  const layout = [
    { offset: 0, stride: width },
    { offset: lumaBytes, stride: uvStride },
  ];
  if (plan === "i420") layout.push({ offset: lumaBytes + chromaBytes, stride: uvStride });
  let bytes = lumaBytes + 2 * chromaBytes;
  if (frame.format === "I420A") {
    layout.push({ offset: bytes, stride: width });
    bytes += lumaBytes;
  }
  const data = pool.take(bytes);
  await frame.copyTo(data, { layout });
  return data;
}

async function readRgba(
  frame: VideoFrame,
  width: number,
  height: number,
  pool: BufferPool,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = pool.take(width * height * 4);
  try {
    await frame.copyTo(data, { format: "RGBA", layout: [{ offset: 0, stride: width * 4 }] });
    return data;
  } catch {
    // Not every format can be converted by copyTo; a 2D canvas draws whatever the browser can show.
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    if (!context) throw new FluxError("atlas.no_conversion", `frames of format ${frame.format} cannot be read here`);
    context.drawImage(frame, 0, 0, width, height);
    return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
  }
}
