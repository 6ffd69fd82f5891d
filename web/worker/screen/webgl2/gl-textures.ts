import type { Slot } from "../../atlas/shelf-allocator.ts";
import { type AtlasTextures, BYTES_PER_TEXEL, PLANE_KINDS, type PlaneKind } from "../../atlas/textures.ts";

interface ArrayTexture {
  readonly texture: WebGLTexture;
  readonly side: number;
  readonly layers: number;
}

/** Names of the samplers in wall.frag.glsl. */
const SAMPLERS: Record<PlaneKind, string> = { r8: "r8", rg8: "rg8", rgba8: "rgba8" };

/** The atlas in WebGL2. */
export class GlTextures implements AtlasTextures {
  readonly maxSide: number;
  readonly maxLayers: number;
  readonly #gl: WebGL2RenderingContext;
  readonly #arrays = new Map<PlaneKind, ArrayTexture>();

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.maxSide = Math.min(Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)), 8192);
    this.maxLayers = Math.min(Number(gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS)), 64);
  }

  resize(kind: PlaneKind, side: number, layers: number): void {
    const gl = this.#gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, this.#formats(kind).internal, side, side, layers);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D_ARRAY, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    const old = this.#arrays.get(kind);
    if (old) this.#copy(old);
    this.#arrays.set(kind, { texture, side, layers });
  }

  write(kind: PlaneKind, slot: Slot, data: Uint8Array, stride: number): void {
    const gl = this.#gl;
    this.#bind(kind);
    const { format } = this.#formats(kind);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, stride / BYTES_PER_TEXEL[kind]);
    const { x, y, layer, width, height } = slot;
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, x, y, layer, width, height, 1, format, gl.UNSIGNED_BYTE, data);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
  }

  writeFrame(slot: Slot, frame: VideoFrame): void {
    const gl = this.#gl;
    this.#bind("rgba8");
    const { x, y, layer, width, height } = slot;
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, x, y, layer, width, height, 1, gl.RGBA, gl.UNSIGNED_BYTE, frame);
    if (gl.getError() !== gl.NO_ERROR) throw new Error("the GPU copy of a frame failed");
  }

  bindAll(program: WebGLProgram): void {
    const gl = this.#gl;
    PLANE_KINDS.forEach((kind, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      this.#bind(kind);
      gl.uniform1i(gl.getUniformLocation(program, SAMPLERS[kind]), unit);
    });
  }

  close(): void {
    for (const { texture } of this.#arrays.values()) this.#gl.deleteTexture(texture);
    this.#arrays.clear();
  }

  /** Copies the old array's layers into the array that is bound, then deletes it. */
  #copy(old: ArrayTexture): void {
    const gl = this.#gl;
    const framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, framebuffer);
    for (let layer = 0; layer < old.layers; layer++) {
      gl.framebufferTextureLayer(gl.READ_FRAMEBUFFER, gl.COLOR_ATTACHMENT0, old.texture, 0, layer);
      gl.copyTexSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, 0, 0, old.side, old.side);
    }
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
    gl.deleteFramebuffer(framebuffer);
    gl.deleteTexture(old.texture);
  }

  #bind(kind: PlaneKind): void {
    this.#gl.bindTexture(this.#gl.TEXTURE_2D_ARRAY, this.#arrays.get(kind)?.texture ?? null);
  }

  #formats(kind: PlaneKind): { readonly internal: number; readonly format: number } {
    const gl = this.#gl;
    if (kind === "r8") return { internal: gl.R8, format: gl.RED };
    if (kind === "rg8") return { internal: gl.RG8, format: gl.RG };
    return { internal: gl.RGBA8, format: gl.RGBA };
  }
}
