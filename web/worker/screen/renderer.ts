import type { Picture, PreparedFrame } from "../atlas/picture-atlas.ts";
import type { StatedColour } from "./colour.ts";
import type { Placement } from "./geometry.ts";

/** One tile's picture on the canvas. */
export interface Quad extends Placement {
  readonly pictureId: string;
}

/** A quad with its picture in the atlas. */
export interface PlacedPicture extends Placement {
  readonly picture: Picture;
}

/** What the wall needs to know of a picture, wherever it is kept. */
export type ShownPicture = Pick<Picture, "width" | "height" | "displayWidth" | "displayHeight">;

export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
}

/** Draws the whole wall at once: on the GPU in one draw call, or on the processor where the GPU is an emulation. */
export interface Renderer {
  readonly kind: "webgpu" | "webgl2";
  /** Adapter or driver, for the status bar. */
  readonly detail: string;
  /** The GPU is emulated on the CPU: drawing is limited in rate. */
  readonly software: boolean;
  resize(width: number, height: number): void;
  /** Reads a frame's samples; several at once. The frame stays open and the caller's. */
  prepare(frame: VideoFrame, stated: StatedColour | undefined): Promise<PreparedFrame>;
  /** Makes a prepared frame, still open, the camera's picture. Throws `atlas.*`. */
  show(pictureId: string, prepared: PreparedFrame): ShownPicture;
  picture(pictureId: string): ShownPicture | undefined;
  remove(pictureId: string): void;
  /** The whole wall at once. Quads without a picture are left out. */
  draw(quads: readonly Quad[]): void;
  /** A picture at its own resolution, as it is drawn. */
  read(pictureId: string): Promise<Pixels | undefined>;
  /** Resolves with the reason when the graphics device is gone; never after `close`. */
  readonly lost: Promise<string>;
  close(): void;
}

export const BACKGROUND = { red: 0, green: 0, blue: 0 } as const;

/** Floats of one instance; the layout of both shaders' instance attributes. */
export const INSTANCE_FLOATS = 32;
const MODES = { i420: 0, nv12: 1, rgba: 2, gpu: 2 } as const;

/** Writes one instance: target (clip space), source, main slot, chroma slot, layers and mode, three colour rows. */
export function writeInstance(
  out: Float32Array,
  index: number,
  quad: PlacedPicture,
  width: number,
  height: number,
): void {
  const { target, source, picture } = quad;
  const { main, chroma } = picture;
  const at = index * INSTANCE_FLOATS;
  const left = (target.x / width) * 2 - 1;
  const top = 1 - (target.y / height) * 2;
  out.set([left, top, (target.width / width) * 2, (target.height / height) * 2], at);
  out.set([source.x, source.y, source.width, source.height], at + 4);
  out.set([main.x, main.y, main.width, main.height], at + 8);
  // I420's chroma slot is U above V: the shader is given U's half.
  const planes = picture.plan === "i420" ? 2 : 1;
  out.set(chroma ? [chroma.x, chroma.y, chroma.width, chroma.height / planes] : [0, 0, 1, 1], at + 12);
  out.set([main.layer, chroma?.layer ?? 0, MODES[picture.plan], 0], at + 16);
  out.set(picture.colourRows, at + 20);
}
