import type { PixelSink } from "../cpu/cpu-renderer.ts";
import type { GlContext } from "./open-context.ts";

/** Presents pixels through WebGL2: kept in one texture, which is copied to the canvas. Nothing is shaded. */
export class GlPixelSink implements PixelSink {
  readonly kind = "webgl2";
  readonly detail: string;
  readonly lost: Promise<string>;
  readonly #canvas: OffscreenCanvas;
  readonly #gl: WebGL2RenderingContext;
  readonly #framebuffer: WebGLFramebuffer;
  #wall: WebGLTexture | undefined;

  constructor(canvas: OffscreenCanvas, { gl, detail, lost }: GlContext) {
    this.#canvas = canvas;
    this.#gl = gl;
    this.detail = detail;
    this.lost = lost;
    this.#framebuffer = gl.createFramebuffer();
    this.resize(canvas.width, canvas.height);
  }

  resize(width: number, height: number): void {
    const gl = this.#gl;
    this.#canvas.width = width;
    this.#canvas.height = height;
    if (this.#wall) gl.deleteTexture(this.#wall);
    this.#wall = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.#wall);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, this.#wall, 0);
  }

  clear(): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.#framebuffer);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  write(x: number, y: number, width: number, height: number, rgba: Uint8Array<ArrayBuffer>): void {
    const gl = this.#gl;
    gl.texSubImage2D(gl.TEXTURE_2D, 0, x, y, width, height, gl.RGBA, gl.UNSIGNED_BYTE, rgba);
  }

  present(): void {
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, this.#framebuffer);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, null);
    // Chromium shows a canvas only after a clear or a draw; a copy alone does not count. One pixel is enough.
    gl.enable(gl.SCISSOR_TEST);
    gl.scissor(0, 0, 1, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.disable(gl.SCISSOR_TEST);
    // GL's rows go upwards, the texture's downwards.
    gl.blitFramebuffer(0, 0, width, height, 0, height, width, 0, gl.COLOR_BUFFER_BIT, gl.NEAREST);
  }

  close(): void {
    if (this.#wall) this.#gl.deleteTexture(this.#wall);
    this.#gl.deleteFramebuffer(this.#framebuffer);
  }
}
