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

/** Throws `screen.no_webgl2` where there is none, `screen.context_lost` while it is lost. */
export function openGlContext(canvas: OffscreenCanvas): GlContext {
  const gl = canvas.getContext("webgl2", {
    alpha: false,
    antialias: false,
    depth: false,
    powerPreference: "high-performance",
  });
  if (!gl) throw new FluxError("screen.no_webgl2", "this browser offers no WebGL2");
  // After a loss the canvas gives the same context again; the browser restores it when it can.
  if (gl.isContextLost()) throw new FluxError("screen.context_lost", "the WebGL context is lost");
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const detail = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const lost = new Promise<string>((resolve) => {
    const onLost = (event: Event): void => {
      // Without this the browser never restores the context.
      event.preventDefault();
      resolve("the WebGL context was lost");
    };
    canvas.addEventListener("webglcontextlost", onLost, { once: true });
  });
  return { gl, detail, software: SOFTWARE.test(detail), lost };
}
