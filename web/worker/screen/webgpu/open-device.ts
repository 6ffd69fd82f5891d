import { FluxError } from "../../../../shared/lib/errors.ts";

export interface GpuDevice {
  readonly device: GPUDevice;
  /** Adapter, for the status bar. */
  readonly detail: string;
  /** Emulated on the processor. */
  readonly software: boolean;
}

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

/** Asks for a device. Throws `screen.no_webgpu` where there is none. */
export async function openGpuDevice(): Promise<GpuDevice> {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) throw new FluxError("screen.no_webgpu", "this browser offers no WebGPU adapter");
  const maxTextureDimension2D = Math.min(adapter.limits.maxTextureDimension2D, 8192);
  const device = await adapter.requestDevice({ requiredLimits: { maxTextureDimension2D } });
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info;
  const detail = [vendor, architecture, description].filter(Boolean).join(" ");
  return { device, detail, software: isFallbackAdapter === true || SOFTWARE.test(detail) };
}
