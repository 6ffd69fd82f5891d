import type { PreparedFrame } from "../worker/atlas/picture-atlas.ts";
import type { Pixels, Quad, Renderer, ShownPicture } from "../worker/screen/renderer.ts";

/** A renderer that only remembers what it was asked to draw. */
export class FakeRenderer implements Renderer {
  readonly kind = "webgpu";
  readonly detail = "fake";
  readonly software = false;
  readonly draws: (readonly Quad[])[] = [];
  /** Time stamps of the frames shown, by picture. */
  readonly shown = new Map<string, number[]>();
  size = { width: 0, height: 0 };
  closed = false;
  failUploads = false;
  readonly lost: Promise<string>;
  lose: (reason: string) => void = () => undefined;
  readonly #pictures = new Map<string, ShownPicture>();

  constructor() {
    this.lost = new Promise((resolve) => {
      this.lose = resolve;
    });
  }

  resize(width: number, height: number): void {
    this.size = { width, height };
  }

  async prepare(frame: VideoFrame): Promise<PreparedFrame> {
    if (this.failUploads) throw new Error("upload failed");
    const facts = { width: 640, height: 360, displayWidth: 640, displayHeight: 360, colour: undefined };
    return { frame, pixels: { plan: "gpu", data: undefined, ...facts } };
  }

  show(pictureId: string, { frame }: PreparedFrame): ShownPicture {
    const picture = { width: 640, height: 360, displayWidth: 640, displayHeight: 360 };
    this.#pictures.set(pictureId, picture);
    this.shown.set(pictureId, [...(this.shown.get(pictureId) ?? []), frame.timestamp]);
    return picture;
  }

  picture(pictureId: string): ShownPicture | undefined {
    return this.#pictures.get(pictureId);
  }

  remove(pictureId: string): void {
    this.#pictures.delete(pictureId);
  }

  draw(quads: readonly Quad[]): void {
    this.draws.push(quads);
  }

  read(): Promise<Pixels | undefined> {
    return Promise.resolve(undefined);
  }

  close(): void {
    this.closed = true;
  }
}
