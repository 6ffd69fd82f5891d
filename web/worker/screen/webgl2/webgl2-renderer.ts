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
import { GlTextures } from "./gl-textures.ts";
import type { GlContext } from "./open-context.ts";
import { createProgram } from "./program.ts";

const FIRST_QUADS = 64;

/** Draws the wall with WebGL2, where there is no WebGPU. Also one draw call. */
export class WebGl2Renderer implements Renderer {
  readonly kind = "webgl2";
  readonly detail: string;
  readonly software: boolean;
  readonly lost: Promise<string>;
  readonly #canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  readonly #textures: GlTextures;
  readonly #atlas: PictureAtlas;
  readonly #program: WebGLProgram;
  readonly #vertices: WebGLVertexArrayObject;
  readonly #instances: WebGLBuffer;
  #instanceData = new Float32Array(FIRST_QUADS * INSTANCE_FLOATS);
  #closed = false;

  constructor(canvas: OffscreenCanvas, { gl, detail, software, lost }: GlContext) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.detail = detail;
    this.software = software;
    this.lost = lost;
    this.#textures = new GlTextures(gl);
    this.#atlas = new PictureAtlas(this.#textures, !this.software);
    this.#program = createProgram(gl);
    this.#vertices = gl.createVertexArray();
    this.#instances = gl.createBuffer();
    this.#describeInstances();
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
    this.#gl.bindFramebuffer(this.#gl.FRAMEBUFFER, null);
    this.#render(placed, this.#canvas.width, this.#canvas.height);
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
    const gl = this.#gl;
    const { width, height } = picture;
    const framebuffer = gl.createFramebuffer();
    const target = gl.createRenderbuffer();
    try {
      gl.bindRenderbuffer(gl.RENDERBUFFER, target);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.RGBA8, width, height);
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.RENDERBUFFER, target);
      // GL's rows go upwards: the picture is drawn upside down and so read the right way up.
      const upsideDown = { x: 0, y: 1, width: 1, height: -1 };
      this.#render([{ picture, target: { x: 0, y: 0, width, height }, source: upsideDown }], width, height);
      const rgba = new Uint8ClampedArray(width * height * 4);
      gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
      return { width, height, rgba };
    } finally {
      gl.bindFramebuffer(gl.FRAMEBUFFER, null);
      gl.deleteFramebuffer(framebuffer);
      gl.deleteRenderbuffer(target);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#textures.close();
    this.#gl.deleteBuffer(this.#instances);
    this.#gl.deleteVertexArray(this.#vertices);
    this.#gl.deleteProgram(this.#program);
  }

  #render(quads: readonly PlacedPicture[], width: number, height: number): void {
    const gl = this.#gl;
    gl.viewport(0, 0, width, height);
    gl.clearColor(BACKGROUND.red, BACKGROUND.green, BACKGROUND.blue, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (quads.length === 0) return;
    if (quads.length * INSTANCE_FLOATS > this.#instanceData.length) {
      this.#instanceData = new Float32Array(quads.length * INSTANCE_FLOATS);
    }
    quads.forEach((quad, index) => {
      writeInstance(this.#instanceData, index, quad, width, height);
    });
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's, not React's
    gl.useProgram(this.#program);
    gl.bindVertexArray(this.#vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#instances);
    gl.bufferData(gl.ARRAY_BUFFER, this.#instanceData.subarray(0, quads.length * INSTANCE_FLOATS), gl.DYNAMIC_DRAW);
    this.#textures.bindAll(this.#program);
    gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, quads.length);
    gl.bindVertexArray(null);
  }

  #describeInstances(): void {
    const gl = this.#gl;
    gl.bindVertexArray(this.#vertices);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#instances);
    for (let location = 0; location < INSTANCE_FLOATS / 4; location++) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, 4, gl.FLOAT, false, INSTANCE_FLOATS * 4, location * 16);
      gl.vertexAttribDivisor(location, 1);
    }
    gl.bindVertexArray(null);
  }
}
