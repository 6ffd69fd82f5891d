import { FluxError } from "../../../../shared/lib/errors.ts";
import { type Picture, PictureAtlas, type PreparedFrame } from "../../atlas/picture-atlas.ts";
import type { StatedColour } from "../colour.ts";
import {
  BACKGROUND,
  INSTANCE_FLOATS,
  type Pixels,
  type PlacedPicture,
  type Quad,
  type Renderer,
  writeInstance,
} from "../renderer.ts";
import { gpuCopyWorks } from "./gpu-copy-trial.ts";
import { GpuTextures } from "./gpu-textures.ts";
import type { GpuDevice } from "./open-device.ts";
import { createPipeline } from "./pipeline.ts";
import { readTexture } from "./read-texture.ts";

const FIRST_QUADS = 64;
const READ_FORMAT: GPUTextureFormat = "rgba8unorm";

/** Draws the wall with WebGPU. */
export class WebGpuRenderer implements Renderer {
  readonly kind = "webgpu";
  readonly detail: string;
  readonly software: boolean;
  readonly lost: Promise<string>;
  readonly #canvas: OffscreenCanvas;
  readonly #context: GPUCanvasContext;
  readonly #device: GPUDevice;
  readonly #textures: GpuTextures;
  readonly #atlas: PictureAtlas;
  readonly #screenPipeline: GPURenderPipeline;
  readonly #readPipeline: GPURenderPipeline;
  readonly #sampler: GPUSampler;
  #bindings: { readonly revision: number; readonly group: GPUBindGroup } | undefined;
  #instances: GPUBuffer;
  #instanceData = new Float32Array(FIRST_QUADS * INSTANCE_FLOATS);
  #closed = false;

  static async create(canvas: OffscreenCanvas, opened: GpuDevice): Promise<WebGpuRenderer> {
    // On an emulated GPU there are no frames on the GPU, and the copy is known to fail there.
    const copyWorks = !opened.software && (await gpuCopyWorks(opened.device));
    const context = canvas.getContext("webgpu");
    if (!context) throw new FluxError("screen.no_webgpu", "the canvas has no WebGPU context");
    return new WebGpuRenderer(canvas, context, opened, copyWorks);
  }

  private constructor(
    canvas: OffscreenCanvas,
    context: GPUCanvasContext,
    { device, detail, software }: GpuDevice,
    copyWorks: boolean,
  ) {
    this.#canvas = canvas;
    this.#context = context;
    this.#device = device;
    this.detail = detail;
    this.software = software;
    const format = navigator.gpu.getPreferredCanvasFormat();
    context.configure({ device, format, alphaMode: "opaque" });
    this.#textures = new GpuTextures(device);
    this.#atlas = new PictureAtlas(this.#textures, copyWorks);
    this.#screenPipeline = createPipeline(device, format);
    this.#readPipeline = createPipeline(device, READ_FORMAT);
    this.#sampler = device.createSampler({ magFilter: "linear", minFilter: "linear" });
    this.#instances = this.#instanceBuffer(FIRST_QUADS);
    this.lost = new Promise((resolve) => {
      void device.lost.then((info) => {
        if (!this.#closed) resolve(info.message || info.reason);
      });
    });
  }

  resize(width: number, height: number): void {
    this.#canvas.width = Math.max(1, width);
    this.#canvas.height = Math.max(1, height);
  }

  prepare(frame: VideoFrame, stated: StatedColour | undefined): Promise<PreparedFrame> {
    return this.#atlas.prepare(frame, stated);
  }

  show(pictureId: string, prepared: PreparedFrame): Picture {
    return this.#atlas.show(pictureId, prepared);
  }

  picture(pictureId: string): Picture | undefined {
    return this.#atlas.picture(pictureId);
  }

  remove(pictureId: string): void {
    this.#atlas.remove(pictureId);
  }

  draw(quads: readonly Quad[]): void {
    const placed = this.#placed(quads);
    const { width, height } = this.#canvas;
    this.#render(this.#screenPipeline, this.#context.getCurrentTexture(), placed, width, height);
  }

  #placed(quads: readonly Quad[]): PlacedPicture[] {
    return quads.flatMap((quad) => {
      const picture = this.#atlas.picture(quad.pictureId);
      return picture ? [{ ...quad, picture }] : [];
    });
  }

  async read(pictureId: string): Promise<Pixels | undefined> {
    const picture = this.#atlas.picture(pictureId);
    if (!picture) return undefined;
    const { width, height } = picture;
    const target = this.#device.createTexture({
      size: { width, height },
      format: READ_FORMAT,
      usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC,
    });
    try {
      const whole = { x: 0, y: 0, width: 1, height: 1 };
      const quad = { picture, target: { x: 0, y: 0, width, height }, source: whole };
      this.#render(this.#readPipeline, target, [quad], width, height);
      return { width, height, rgba: await readTexture(this.#device, target) };
    } finally {
      target.destroy();
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.unconfigure();
    this.#textures.close();
    this.#instances.destroy();
    this.#device.destroy();
  }

  #render(
    pipeline: GPURenderPipeline,
    target: GPUTexture,
    quads: readonly PlacedPicture[],
    width: number,
    height: number,
  ): void {
    this.#reserve(quads.length);
    quads.forEach((quad, index) => {
      writeInstance(this.#instanceData, index, quad, width, height);
    });
    if (quads.length > 0) {
      this.#device.queue.writeBuffer(this.#instances, 0, this.#instanceData, 0, quads.length * INSTANCE_FLOATS);
    }
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginRenderPass({
      colorAttachments: [
        {
          view: target.createView(),
          loadOp: "clear",
          storeOp: "store",
          clearValue: { r: BACKGROUND.red, g: BACKGROUND.green, b: BACKGROUND.blue, a: 1 },
        },
      ],
    });
    if (quads.length > 0) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, this.#bindGroup());
      pass.setVertexBuffer(0, this.#instances);
      pass.draw(4, quads.length);
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  #bindGroup(): GPUBindGroup {
    const { revision } = this.#textures;
    if (this.#bindings?.revision === revision) return this.#bindings.group;
    const group = this.#device.createBindGroup({
      layout: this.#screenPipeline.getBindGroupLayout(0),
      entries: [this.#sampler, ...this.#textures.views()].map((resource, binding) => ({ binding, resource })),
    });
    this.#bindings = { revision, group };
    return group;
  }

  #reserve(quads: number): void {
    if (quads * INSTANCE_FLOATS <= this.#instanceData.length) return;
    this.#instances.destroy();
    this.#instances = this.#instanceBuffer(quads);
    this.#instanceData = new Float32Array(quads * INSTANCE_FLOATS);
  }

  #instanceBuffer(quads: number): GPUBuffer {
    return this.#device.createBuffer({
      size: quads * INSTANCE_FLOATS * 4,
      usage: GPUBufferUsage.VERTEX | GPUBufferUsage.COPY_DST,
    });
  }
}
