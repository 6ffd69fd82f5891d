import { INSTANCE_FLOATS } from "../renderer.ts";
import shader from "./wall.wgsl?raw";

/** Explicit, so that both pipelines share one bind group. */
function bindGroupLayout(device: GPUDevice): GPUBindGroupLayout {
  const array = { texture: { viewDimension: "2d-array" as const } };
  const visibility = GPUShaderStage.FRAGMENT;
  return device.createBindGroupLayout({
    entries: [
      { binding: 0, visibility, sampler: {} },
      { binding: 1, visibility, ...array },
      { binding: 2, visibility, ...array },
      { binding: 3, visibility, ...array },
    ],
  });
}

/** The one pipeline that draws tiles, for a target of the given format. */
export function createPipeline(device: GPUDevice, format: GPUTextureFormat): GPURenderPipeline {
  const module = device.createShaderModule({ code: shader });
  const attributes = Array.from({ length: INSTANCE_FLOATS / 4 }, (_, index) => ({
    shaderLocation: index,
    offset: index * 16,
    format: "float32x4" as const,
  }));
  return device.createRenderPipeline({
    layout: device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout(device)] }),
    vertex: { module, buffers: [{ arrayStride: INSTANCE_FLOATS * 4, stepMode: "instance", attributes }] },
    fragment: { module, targets: [{ format }] },
    primitive: { topology: "triangle-strip" },
  });
}
