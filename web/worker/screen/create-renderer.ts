import { describeError, FluxError } from "../../../shared/lib/errors.ts";
import type { Renderer } from "./renderer.ts";
import { WebGl2Renderer } from "./webgl2/webgl2-renderer.ts";
import { WebGpuRenderer } from "./webgpu/webgpu-renderer.ts";

/**
 * Makes renderers for one canvas. A canvas keeps its first kind of context for life, so WebGL2 can follow WebGPU only
 * while WebGPU has not got as far as the canvas. Throws `screen.none` when nothing can draw.
 */
export function createRendererFor(
  canvas: OffscreenCanvas,
  wanted: "auto" | "webgpu" | "webgl2",
): (attempt: number) => Promise<Renderer> {
  return async () => {
    const refusals: string[] = [];
    if (wanted !== "webgl2") {
      try {
        return await WebGpuRenderer.create(canvas);
      } catch (error) {
        refusals.push(describeError(error));
      }
    }
    if (wanted !== "webgpu") {
      try {
        return WebGl2Renderer.create(canvas);
      } catch (error) {
        refusals.push(describeError(error));
      }
    }
    throw new FluxError("screen.none", refusals.join("; "));
  };
}
