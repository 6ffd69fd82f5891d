import type { ProbeResponse } from "../../../shared/api/schemas.ts";

export type PreviewResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "no-decoder" }
  | { readonly ok: false; readonly why: "codec-unsupported" }
  | { readonly ok: false; readonly why: "failed"; readonly reason: string };

/** Base64 to bytes; throws on anything else. */
export function bytesFromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}

function draw(canvas: HTMLCanvasElement, picture: VideoFrame | ImageBitmap, width: number, height: number): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
}

async function drawJpeg(canvas: HTMLCanvasElement, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/jpeg" }));
  draw(canvas, bitmap, bitmap.width, bitmap.height);
  bitmap.close();
}

/** One keyframe through the browser's own decoder. Annex B needs no description. */
function drawVideo(canvas: HTMLCanvasElement, bytes: Uint8Array<ArrayBuffer>, codec: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let drawn = false;
    const decoder = new VideoDecoder({
      output: (frame) => {
        if (!drawn) draw(canvas, frame, frame.displayWidth, frame.displayHeight);
        drawn = true;
        frame.close();
      },
      error: reject,
    });
    decoder.configure({ codec, optimizeForLatency: true });
    decoder.decode(new EncodedVideoChunk({ type: "key", timestamp: 0, data: bytes }));
    decoder.flush().then(() => {
      decoder.close();
      if (drawn) resolve();
      else reject(new Error("no picture came out"));
    }, reject);
  });
}

/** Shows the probe's keyframe on `canvas`. Never rejects: what went wrong is the result. */
export async function showKeyframe(canvas: HTMLCanvasElement, probe: ProbeResponse): Promise<PreviewResult> {
  const { codec, codecString } = probe.format;
  try {
    const bytes = bytesFromBase64(probe.keyframe);
    if (codec === "mjpeg") {
      await drawJpeg(canvas, bytes);
      return { ok: true };
    }
    if (!("VideoDecoder" in globalThis)) return { ok: false, why: "no-decoder" };
    const { supported } = await VideoDecoder.isConfigSupported({ codec: codecString });
    if (supported !== true) return { ok: false, why: "codec-unsupported" };
    await drawVideo(canvas, bytes, codecString);
    return { ok: true };
  } catch (error) {
    return { ok: false, why: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}
