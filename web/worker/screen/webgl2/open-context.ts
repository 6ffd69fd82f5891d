import { FluxError } from "../../../../shared/lib/errors.ts";

export interface GlContext {
  readonly gl: WebGL2RenderingContext;
  /** Driver, for the status bar. */
  readonly detail: string;
  /** Emulated on the processor. */
  readonly software: boolean;
  readonly lost: Promise<string>;
}

const SOFTWARE = /swiftshader|llvmpipe|software|basic render/i;

/** Throws `screen.no_webgl2` where there is none. */
export function openGlContext(canvas: OffscreenCanvas): GlContext {
  const gl = canvas.getContext("webgl2", {
    alpha: false,
    antialias: false,
    depth: false,
    powerPreference: "high-performance",
  });
  if (!gl) throw new FluxError("screen.no_webgl2", "this browser offers no WebGL2");
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const detail = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const lost = new Promise<string>((resolve) => {
    canvas.addEventListener("contextlost", () => resolve("the WebGL context was lost"), { once: true });
  });
  return { gl, detail, software: SOFTWARE.test(detail), lost };
}
