import { FluxError } from "../../../../shared/lib/errors.ts";
import { BufferPool } from "../../atlas/buffer-pool.ts";
import { readFrame } from "../../atlas/frame-pixels.ts";
import type { PreparedFrame } from "../../atlas/picture-atlas.ts";
import type { StatedColour } from "../colour.ts";
import { clipPlacement, type Rect } from "../geometry.ts";
import type { Pixels, Quad, Renderer, ShownPicture } from "../renderer.ts";
import { ColourTableCache, type PlanarPicture, planarPicture } from "./planar-picture.ts";
import { scaleToRgba } from "./scale.ts";

/** Where finished pixels go: a canvas that keeps what is not written. */
export interface PixelSink {
  readonly kind: Renderer["kind"];
  readonly detail: string;
  readonly lost: Promise<string>;
  /** Everything is black afterwards. */
  resize(width: number, height: number): void;
  clear(): void;
  /** RGBA, tightly packed; within the canvas. `rgba` may be reused as soon as this returns. */
  write(x: number, y: number, width: number, height: number, rgba: Uint8Array<ArrayBuffer>): void;
  /** Brings what was written to the screen. */
  present(): void;
  close(): void;
}

const WHOLE: Rect = { x: 0, y: 0, width: 1, height: 1 };

/**
 * For GPUs that are emulated on the processor. There a fragment shader costs about 90 ns for every pixel of the canvas
 * at every draw, and scaling here a tenth of it, only for tiles with a new picture. The graphics API merely presents.
 */
export class CpuRenderer implements Renderer {
  readonly software = true;
  readonly #sink: PixelSink;
  readonly #buffers = new BufferPool();
  readonly #tables = new ColourTableCache();
  readonly #pictures = new Map<string, PlanarPicture>();
  #size = { width: 1, height: 1 };
  /** One tile's pixels on their way to the canvas. */
  #scaled = new Uint32Array(0);
  /** What is on the canvas, one entry for each quad of the last draw. */
  #drawn: { readonly place: string; readonly picture: PlanarPicture }[] = [];

  constructor(sink: PixelSink) {
    this.#sink = sink;
  }

  get kind(): Renderer["kind"] {
    return this.#sink.kind;
  }
  get detail(): string {
    return `${this.#sink.detail}, scaled on the processor`;
  }
  get lost(): Promise<string> {
    return this.#sink.lost;
  }

  resize(width: number, height: number): void {
    this.#size = { width: Math.max(1, width), height: Math.max(1, height) };
    this.#sink.resize(this.#size.width, this.#size.height);
    this.#drawn = [];
  }

  async prepare(frame: VideoFrame, stated: StatedColour | undefined): Promise<PreparedFrame> {
    return { frame, pixels: await readFrame(frame, stated, this.#buffers, false) };
  }

  show(pictureId: string, { pixels }: PreparedFrame): ShownPicture {
    const picture = planarPicture(pixels, this.#tables);
    if (!picture) throw new FluxError("atlas.no_conversion", "the frame's samples are not in memory");
    this.#drop(pictureId);
    this.#pictures.set(pictureId, picture);
    return picture;
  }

  picture(pictureId: string): ShownPicture | undefined {
    return this.#pictures.get(pictureId);
  }

  remove(pictureId: string): void {
    this.#drop(pictureId);
    this.#pictures.delete(pictureId);
  }

  draw(quads: readonly Quad[]): void {
    const next = quads.flatMap((quad) => {
      const picture = this.#pictures.get(quad.pictureId);
      const placement = picture && clipPlacement(quad, this.#size.width, this.#size.height);
      return placement ? [{ picture, placement, place: JSON.stringify(placement) }] : [];
    });
    const sameLayout =
      next.length === this.#drawn.length && next.every(({ place }, index) => place === this.#drawn[index]?.place);
    if (!sameLayout) this.#sink.clear();
    next.forEach(({ picture, placement: { target, source } }, index) => {
      if (sameLayout && this.#drawn[index]?.picture === picture) return;
      const { x, y, width, height } = target;
      if (this.#scaled.length < width * height) this.#scaled = new Uint32Array(width * height);
      scaleToRgba(picture, source, width, height, this.#scaled);
      this.#sink.write(x, y, width, height, new Uint8Array(this.#scaled.buffer, 0, width * height * 4));
    });
    this.#drawn = next.map(({ place, picture }) => ({ place, picture }));
    this.#sink.present();
  }

  read(pictureId: string): Promise<Pixels | undefined> {
    const picture = this.#pictures.get(pictureId);
    if (!picture) return Promise.resolve(undefined);
    const { width, height } = picture;
    const out = new Uint32Array(width * height);
    scaleToRgba(picture, WHOLE, width, height, out);
    return Promise.resolve({ width, height, rgba: new Uint8ClampedArray(out.buffer) });
  }

  close(): void {
    this.#pictures.clear();
    this.#sink.close();
  }

  #drop(pictureId: string): void {
    const picture = this.#pictures.get(pictureId);
    if (picture) this.#buffers.giveBack(picture.data);
  }
}
