import type { Slot } from "../../atlas/shelf-allocator.ts";
import { type AtlasTextures, PLANE_KINDS, type PlaneKind } from "../../atlas/textures.ts";

const FORMATS: Record<PlaneKind, GPUTextureFormat> = { r8: "r8unorm", rg8: "rg8unorm", rgba8: "rgba8unorm" };

/** The atlas in WebGPU. Writes are ordered before the next draw by the queue. */
export class GpuTextures implements AtlasTextures {
  readonly #device: GPUDevice;
  readonly #arrays = new Map<PlaneKind, GPUTexture>();
  #revision = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get maxSide(): number {
    return Math.min(this.#device.limits.maxTextureDimension2D, 8192);
  }
  get maxLayers(): number {
    return Math.min(this.#device.limits.maxTextureArrayLayers, 64);
  }
  /** Counts up whenever a texture was replaced: bind groups must be made anew. */
  get revision(): number {
    return this.#revision;
  }

  views(): GPUTextureView[] {
    return PLANE_KINDS.map((kind) => this.#array(kind).createView({ dimension: "2d-array" }));
  }

  resize(kind: PlaneKind, side: number, layers: number): void {
    const { TEXTURE_BINDING, COPY_DST, COPY_SRC, RENDER_ATTACHMENT } = GPUTextureUsage;
    const next = this.#device.createTexture({
      label: `atlas ${kind}`,
      size: { width: side, height: side, depthOrArrayLayers: layers },
      format: FORMATS[kind],
      // copyExternalImageToTexture wants a renderable target.
      usage: TEXTURE_BINDING | COPY_DST | COPY_SRC | (kind === "rgba8" ? RENDER_ATTACHMENT : 0),
    });
    const old = this.#arrays.get(kind);
    if (old) {
      const encoder = this.#device.createCommandEncoder();
      encoder.copyTextureToTexture(
        { texture: old },
        { texture: next },
        { width: old.width, height: old.height, depthOrArrayLayers: old.depthOrArrayLayers },
      );
      this.#device.queue.submit([encoder.finish()]);
      old.destroy();
    }
    this.#arrays.set(kind, next);
    this.#revision++;
  }

  write(kind: PlaneKind, slot: Slot, data: Uint8Array, stride: number): void {
    this.#device.queue.writeTexture(
      { texture: this.#array(kind), origin: { x: slot.x, y: slot.y, z: slot.layer } },
      data as GPUAllowSharedBufferSource,
      { bytesPerRow: stride, rowsPerImage: slot.height },
      { width: slot.width, height: slot.height },
    );
  }

  writeFrame(slot: Slot, frame: VideoFrame): void {
    this.#device.queue.copyExternalImageToTexture(
      { source: frame },
      { texture: this.#array("rgba8"), origin: { x: slot.x, y: slot.y, z: slot.layer } },
      { width: slot.width, height: slot.height },
    );
  }

  close(): void {
    for (const texture of this.#arrays.values()) texture.destroy();
    this.#arrays.clear();
  }

  #array(kind: PlaneKind): GPUTexture {
    const texture = this.#arrays.get(kind);
    if (!texture) throw new Error(`atlas ${kind} was used before it was made`);
    return texture;
  }
}
