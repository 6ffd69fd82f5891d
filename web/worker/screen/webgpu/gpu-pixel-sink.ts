import { FluxError } from "../../../../shared/lib/errors.ts";
import type { PixelSink } from "../cpu/cpu-renderer.ts";
import type { GpuDevice } from "./open-device.ts";

/** Presents pixels through WebGPU: they are kept in one texture, which is copied to the canvas. Nothing is shaded. */
export class GpuPixelSink implements PixelSink {
  readonly kind = "webgpu";
  readonly detail: string;
  readonly lost: Promise<string>;
  readonly #canvas: OffscreenCanvas;
  readonly #device: GPUDevice;
  readonly #context: GPUCanvasContext;
  #wall: GPUTexture;
  #closed = false;

  constructor(canvas: OffscreenCanvas, { device, detail }: GpuDevice) {
    const context = canvas.getContext("webgpu");
    if (!context) throw new FluxError("screen.no_webgpu", "the canvas has no WebGPU context");
    this.#canvas = canvas;
    this.#device = device;
    this.#context = context;
    this.detail = detail;
    context.configure({ device, format: "rgba8unorm", alphaMode: "opaque", usage: GPUTextureUsage.COPY_DST });
    this.#wall = this.#createWall();
    this.lost = new Promise((resolve) => {
      void device.lost.then((info) => {
        if (!this.#closed) resolve(info.message || info.reason);
      });
    });
  }

  resize(width: number, height: number): void {
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#wall.destroy();
    this.#wall = this.#createWall();
  }

  clear(): void {
    const encoder = this.#device.createCommandEncoder();
    const view = this.#wall.createView();
    const clearValue = { r: 0, g: 0, b: 0, a: 1 };
    encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store", clearValue }] }).end();
    this.#device.queue.submit([encoder.finish()]);
  }

  write(x: number, y: number, width: number, height: number, rgba: Uint8Array<ArrayBuffer>): void {
    const to = { texture: this.#wall, origin: { x, y } };
    this.#device.queue.writeTexture(to, rgba, { bytesPerRow: width * 4 }, { width, height });
  }

  present(): void {
    const encoder = this.#device.createCommandEncoder();
    const { width, height } = this.#canvas;
    encoder.copyTextureToTexture(
      { texture: this.#wall },
      { texture: this.#context.getCurrentTexture() },
      { width, height },
    );
    this.#device.queue.submit([encoder.finish()]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#context.unconfigure();
    this.#wall.destroy();
    this.#device.destroy();
  }

  #createWall(): GPUTexture {
    const { width, height } = this.#canvas;
    const { COPY_DST, COPY_SRC, RENDER_ATTACHMENT } = GPUTextureUsage;
    return this.#device.createTexture({
      label: "wall",
      size: { width, height },
      format: "rgba8unorm",
      usage: COPY_DST | COPY_SRC | RENDER_ATTACHMENT,
    });
  }
}
