import { FluxError } from "../../../shared/lib/errors.ts";
import type { Pixels } from "./renderer.ts";

/** Enough that a plate or a face in a snapshot is not hurt by the compression. */
const JPEG_QUALITY = 0.92;

/** Encodes a picture for saving. */
export function encodePicture({ width, height, rgba }: Pixels, mimeType: "image/png" | "image/jpeg"): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new FluxError("screen.no_canvas", "no 2D canvas for the snapshot");
  context.putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas.convertToBlob({ type: mimeType, quality: JPEG_QUALITY });
}
