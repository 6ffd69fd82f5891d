import { describeError, FluxError } from "../../../shared/lib/errors.ts";
import { CpuRenderer } from "./cpu/cpu-renderer.ts";
import type { Renderer } from "./renderer.ts";
import { GlPixelSink } from "./webgl2/gl-pixel-sink.ts";
import { openGlContext } from "./webgl2/open-context.ts";
import { WebGl2Renderer } from "./webgl2/webgl2-renderer.ts";
import { GpuPixelSink } from "./webgpu/gpu-pixel-sink.ts";
import { openGpuDevice } from "./webgpu/open-device.ts";
import { WebGpuRenderer } from "./webgpu/webgpu-renderer.ts";

export interface RendererWish {
  readonly renderer: "auto" | "webgpu" | "webgl2";
  /** `gpu`: shade on the GPU even where it is emulated. */
  readonly shading: "auto" | "gpu";
}

/**
 * Makes renderers for one canvas. A canvas keeps its first kind of context for life: once one has drawn, only its kind
 * is tried again. The function throws `screen.none` when nothing can draw at the moment.
 */
export function createRendererFor(
  canvas: OffscreenCanvas,
  { renderer, shading }: RendererWish,
): () => Promise<Renderer> {
  const onCpu = (software: boolean): boolean => software && shading === "auto";
  const webGpu = async (): Promise<Renderer> => {
    const device = await openGpuDevice();
    return onCpu(device.software)
      ? new CpuRenderer(new GpuPixelSink(canvas, device))
      : WebGpuRenderer.create(canvas, device);
  };
  const webGl2 = async (): Promise<Renderer> => {
    const context = openGlContext(canvas);
    return onCpu(context.software)
      ? new CpuRenderer(new GlPixelSink(canvas, context))
      : new WebGl2Renderer(canvas, context);
  };
  let bound: Renderer["kind"] | undefined;
  return async () => {
    const refusals: string[] = [];
    for (const [kind, create] of [["webgpu", webGpu] as const, ["webgl2", webGl2] as const]) {
      if (renderer !== "auto" && renderer !== kind) continue;
      if (bound !== undefined && bound !== kind) {
        refusals.push(`the canvas belongs to ${bound}, so ${kind} cannot take over`);
        continue;
      }
      try {
        const created = await create();
        bound = kind;
        return created;
      } catch (error) {
        refusals.push(describeError(error));
      }
    }
    throw new FluxError("screen.none", refusals.join("; "));
  };
}
