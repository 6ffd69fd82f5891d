import { FluxError } from "../../../shared/lib/errors.ts";
import { RGB_ROWS, type StatedColour, type YuvColour, yuvToRgbRows } from "../screen/colour.ts";
import { BufferPool } from "./buffer-pool.ts";
import { type FramePixels, readFrame } from "./frame-pixels.ts";
import type { PixelPlan } from "./pixel-plan.ts";
import { ShelfAllocator, type Slot } from "./shelf-allocator.ts";
import { type AtlasTextures, BYTES_PER_TEXEL, PLANE_KINDS, type PlaneKind } from "./textures.ts";

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

/** A frame whose samples have been read and wait to be shown. */
export interface PreparedFrame {
  readonly frame: VideoFrame;
  readonly pixels: FramePixels;
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
  readonly #buffers = new BufferPool();
  #gpuCopyWorks: boolean;

  constructor(textures: AtlasTextures, gpuCopyWorks: boolean) {
    this.#textures = textures;
    this.#gpuCopyWorks = gpuCopyWorks;
    const allocator = (kind: PlaneKind): ShelfAllocator => {
      const side = kind === "r8" ? FIRST_SIDE : 1;
      textures.resize(kind, side, 1);
      return new ShelfAllocator(side, 1);
    };
    this.#allocators = { r8: allocator("r8"), rg8: allocator("rg8"), rgba8: allocator("rgba8") };
  }

  /** Texture memory held. */
  get bytes(): number {
    return PLANE_KINDS.reduce((sum, kind) => {
      const { side, layers } = this.#allocators[kind];
      return sum + side * side * layers * BYTES_PER_TEXEL[kind];
    }, 0);
  }

  picture(id: string): Picture | undefined {
    return this.#pictures.get(id);
  }

  /** Reads the frame's samples; `stated` is what the stream says of its colours. Several may be on their way at once. The frame stays the caller's. */
  async prepare(frame: VideoFrame, stated: StatedColour | undefined): Promise<PreparedFrame> {
    return { frame, pixels: await readFrame(frame, stated, this.#buffers, this.#gpuCopyWorks) };
  }

  /**
   * Makes a prepared frame the camera's picture; the frame must still be open. Throws `atlas.full`,
   * `atlas.gpu_copy` when the GPU copy failed (it is not tried again: prepare the frame anew).
   */
  show(id: string, { frame, pixels }: PreparedFrame): Picture {
    try {
      const picture = this.#reserve(id, pixels);
      this.#write(id, picture, pixels, frame);
      const before = this.#pictures.get(id);
      if (before && before !== picture) this.#release(before);
      this.#pictures.set(id, picture);
      return picture;
    } finally {
      if (pixels.data) this.#buffers.giveBack(pixels.data);
    }
  }

  remove(id: string): void {
    const picture = this.#pictures.get(id);
    if (picture) this.#release(picture);
    this.#pictures.delete(id);
  }

  #write(id: string, picture: Picture, pixels: FramePixels, frame: VideoFrame): void {
    const { plan, data, width, height } = pixels;
    if (!data) {
      try {
        this.#textures.writeFrame(picture.main, frame);
      } catch (cause) {
        this.#gpuCopyWorks = false;
        if (this.#pictures.get(id) !== picture) this.#release(picture);
        throw new FluxError("atlas.gpu_copy", "the GPU copy of a frame failed", { cause });
      }
    } else if (plan === "rgba") {
      this.#textures.write("rgba8", picture.main, data, width * 4);
    } else {
      this.#textures.write("r8", picture.main, data, width);
      const [kind, stride] = plan === "i420" ? (["r8", half(width)] as const) : (["rg8", half(width) * 2] as const);
      if (picture.chroma) this.#textures.write(kind, picture.chroma, data.subarray(width * height), stride);
    }
  }

  /** The same slots while size and format stay, new ones beside the old ones otherwise. */
  #reserve(id: string, pixels: FramePixels): Picture {
    const { plan, width, height, displayWidth, displayHeight, colour } = pixels;
    const colourRows = colour ? this.#rowsFor(colour) : RGB_ROWS;
    const facts = { plan, width, height, displayWidth, displayHeight, colourRows };
    const current = this.#pictures.get(id);
    if (
      current?.plan === plan &&
      current.width === width &&
      current.height === height &&
      current.colourRows === colourRows &&
      current.displayWidth === displayWidth &&
      current.displayHeight === displayHeight
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
}
