import { FluxError } from "../../../shared/lib/errors.ts";
import { RGB_ROWS, type YuvColour, yuvColourOf, yuvToRgbRows } from "../screen/colour.ts";
import { type PixelPlan, pixelPlanFor } from "./pixel-plan.ts";
import { ShelfAllocator, type Slot } from "./shelf-allocator.ts";
import { type AtlasTextures, PLANE_KINDS, type PlaneKind } from "./textures.ts";

/** One camera's picture in the atlas. */
export interface Picture {
  readonly plan: PixelPlan;
  /** Y plane, or the whole RGBA picture. */
  readonly main: Slot;
  /** I420: U above V in one slot of the r8 array. NV12: UV in the rg8 array. */
  readonly chroma: Slot | undefined;
  readonly width: number;
  readonly height: number;
  /** With the sample aspect ratio applied. */
  readonly displayWidth: number;
  readonly displayHeight: number;
  readonly colourRows: Float32Array;
}

const FIRST_SIDE = 1024;
const half = (value: number): number => Math.ceil(value / 2);
const mainKind = (plan: PixelPlan): PlaneKind => (plan === "i420" || plan === "nv12" ? "r8" : "rgba8");

/**
 * Keeps the newest picture of every camera in texture arrays. Pictures belong to cameras, not to tiles: a tile that
 * moves, a layout that changes or a stream that is switched never leaves a camera without its last picture.
 */
export class PictureAtlas {
  readonly #textures: AtlasTextures;
  readonly #allocators: Record<PlaneKind, ShelfAllocator>;
  readonly #pictures = new Map<string, Picture>();
  readonly #rows = new Map<string, Float32Array>();
  #buffer = new Uint8Array(0);
  /** Undecided until a frame that lives on the GPU comes. */
  #gpuCopyWorks: boolean;

  constructor(textures: AtlasTextures, gpuCopyWorks: boolean) {
    this.#textures = textures;
    this.#gpuCopyWorks = gpuCopyWorks;
    const allocator = (kind: PlaneKind): ShelfAllocator => {
      textures.resize(kind, kind === "r8" ? FIRST_SIDE : 1, 1);
      return new ShelfAllocator(kind === "r8" ? FIRST_SIDE : 1, 1);
    };
    this.#allocators = { r8: allocator("r8"), rg8: allocator("rg8"), rgba8: allocator("rgba8") };
  }

  picture(id: string): Picture | undefined {
    return this.#pictures.get(id);
  }

  get bytes(): number {
    const size = { r8: 1, rg8: 2, rgba8: 4 };
    return PLANE_KINDS.reduce((sum, kind) => {
      const { side, layers } = this.#allocators[kind];
      return sum + side * side * layers * size[kind];
    }, 0);
  }

  /** Uploads the frame as the camera's picture. Does not close it. Rejects with `atlas.full` or what the browser throws. */
  async upload(id: string, frame: VideoFrame): Promise<Picture> {
    const plan = pixelPlanFor(frame.format, this.#gpuCopyWorks);
    if (plan === "gpu") {
      try {
        return this.#uploadOnGpu(id, frame);
      } catch {
        this.#gpuCopyWorks = false;
        return this.upload(id, frame);
      }
    }
    if (plan === "rgba") return this.#uploadRgba(id, frame);
    return this.#uploadPlanes(id, frame, plan);
  }

  remove(id: string): void {
    const picture = this.#pictures.get(id);
    if (picture) this.#release(picture);
    this.#pictures.delete(id);
  }

  /** Called when the GPU copy turned out to draw nothing. */
  disableGpuCopy(): void {
    this.#gpuCopyWorks = false;
  }

  async #uploadPlanes(id: string, frame: VideoFrame, plan: "i420" | "nv12"): Promise<Picture> {
    const { width, height } = visibleSize(frame);
    const chromaWidth = half(width);
    const chromaHeight = half(height);
    const lumaBytes = width * height;
    const chromaBytes = chromaWidth * chromaHeight;
    const uvStride = plan === "i420" ? chromaWidth : chromaWidth * 2;
    const layout =
      plan === "i420"
        ? [
            { offset: 0, stride: width },
            { offset: lumaBytes, stride: uvStride },
            { offset: lumaBytes + chromaBytes, stride: uvStride },
          ]
        : [
            { offset: 0, stride: width },
            { offset: lumaBytes, stride: uvStride },
          ];
    const buffer = this.#room(lumaBytes + 2 * chromaBytes);
    const needed =
      frame.format === "I420A" ? [...layout, { offset: lumaBytes + 2 * chromaBytes, stride: width }] : layout;
    const target = frame.format === "I420A" ? this.#room(2 * lumaBytes + 2 * chromaBytes) : buffer;
    await frame.copyTo(target, { layout: needed });
    const picture = this.#reserve(id, frame, plan, yuvColourOf(frame.colorSpace, height));
    this.#textures.write("r8", picture.main, target, width);
    if (picture.chroma) {
      this.#textures.write(plan === "i420" ? "r8" : "rg8", picture.chroma, target.subarray(lumaBytes), uvStride);
    }
    return this.#show(id, picture);
  }

  async #uploadRgba(id: string, frame: VideoFrame): Promise<Picture> {
    const { width, height } = visibleSize(frame);
    const pixels = await this.#rgbaOf(frame, width, height);
    const picture = this.#reserve(id, frame, "rgba", undefined);
    this.#textures.write("rgba8", picture.main, pixels, width * 4);
    return this.#show(id, picture);
  }

  #uploadOnGpu(id: string, frame: VideoFrame): Picture {
    const picture = this.#reserve(id, frame, "gpu", undefined);
    try {
      this.#textures.writeFrame(picture.main, frame);
    } catch (error) {
      if (this.#pictures.get(id) !== picture) this.#release(picture);
      throw error;
    }
    return this.#show(id, picture);
  }

  async #rgbaOf(frame: VideoFrame, width: number, height: number): Promise<Uint8Array> {
    const buffer = this.#room(width * height * 4);
    try {
      await frame.copyTo(buffer, { format: "RGBA", layout: [{ offset: 0, stride: width * 4 }] });
      return buffer;
    } catch {
      // Not every format can be converted by copyTo; a 2D canvas draws whatever the browser can show.
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      if (!context) throw new FluxError("atlas.no_conversion", `frames of format ${frame.format} cannot be read here`);
      context.drawImage(frame, 0, 0, width, height);
      return new Uint8Array(context.getImageData(0, 0, width, height).data.buffer);
    }
  }

  /** The same slots while size and format stay, new ones beside the old ones otherwise. */
  #reserve(id: string, frame: VideoFrame, plan: PixelPlan, colour: YuvColour | undefined): Picture {
    const { width, height } = visibleSize(frame);
    const facts = {
      plan,
      width,
      height,
      displayWidth: frame.displayWidth,
      displayHeight: frame.displayHeight,
      colourRows: colour ? this.#rowsFor(colour) : RGB_ROWS,
    };
    const current = this.#pictures.get(id);
    if (
      current?.plan === plan &&
      current.width === width &&
      current.height === height &&
      current.colourRows === facts.colourRows &&
      current.displayWidth === facts.displayWidth
    ) {
      return current;
    }
    const main = this.#allocate(mainKind(plan), width, height);
    try {
      return { ...facts, main, chroma: this.#allocateChroma(plan, width, height) };
    } catch (error) {
      this.#allocators[mainKind(plan)].free(main);
      throw error;
    }
  }

  #allocateChroma(plan: PixelPlan, width: number, height: number): Slot | undefined {
    if (plan === "i420") return this.#allocate("r8", half(width), 2 * half(height));
    if (plan === "nv12") return this.#allocate("rg8", half(width), half(height));
    return undefined;
  }

  #allocate(kind: PlaneKind, width: number, height: number): Slot {
    const allocator = this.#allocators[kind];
    for (;;) {
      const slot = allocator.allocate(width, height);
      if (slot) return slot;
      const growth = allocator.growthFor(width, height, this.#textures.maxSide, this.#textures.maxLayers);
      if (!growth) throw new FluxError("atlas.full", `no room for a ${width}x${height} picture`);
      this.#textures.resize(kind, growth.side, growth.layers);
      allocator.grow(growth.side, growth.layers);
    }
  }

  #show(id: string, picture: Picture): Picture {
    const before = this.#pictures.get(id);
    if (before && before !== picture) this.#release(before);
    this.#pictures.set(id, picture);
    return picture;
  }

  #release(picture: Picture): void {
    this.#allocators[mainKind(picture.plan)].free(picture.main);
    if (picture.chroma) this.#allocators[picture.plan === "nv12" ? "rg8" : "r8"].free(picture.chroma);
  }

  #rowsFor(colour: YuvColour): Float32Array {
    const name = `${colour.matrix}/${colour.fullRange}`;
    const rows = this.#rows.get(name) ?? yuvToRgbRows(colour);
    this.#rows.set(name, rows);
    return rows;
  }

  #room(bytes: number): Uint8Array<ArrayBuffer> {
    if (this.#buffer.byteLength < bytes) this.#buffer = new Uint8Array(bytes);
    return this.#buffer as Uint8Array<ArrayBuffer>;
  }
}

function visibleSize(frame: VideoFrame): { width: number; height: number } {
  const rect = frame.visibleRect;
  return rect ? { width: rect.width, height: rect.height } : { width: frame.codedWidth, height: frame.codedHeight };
}
