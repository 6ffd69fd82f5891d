/** How a frame's samples get into the atlas. `gpu`: copied on the GPU; `rgba`: converted by the browser. */
export type PixelPlan = "i420" | "nv12" | "rgba" | "gpu";

/**
 * `gpuCopyWorks`: whether a trial of the GPU copy has succeeded here. Frames in memory go by planes, at 1.5 bytes a
 * pixel; opaque ones live on the GPU and are copied there. Whatever else there is (10 bits, 4:2:2) the browser converts.
 */
export function pixelPlanFor(format: VideoPixelFormat | null, gpuCopyWorks: boolean): PixelPlan {
  if (format === "I420" || format === "I420A") return "i420";
  if (gpuCopyWorks && (format === null || format === "NV12")) return "gpu";
  if (format === "NV12") return "nv12";
  return "rgba";
}
