import { FluxError } from "../../../../shared/lib/errors.ts";
import fragmentSource from "./wall.frag.glsl?raw";
import vertexSource from "./wall.vert.glsl?raw";

function compile(gl: WebGL2RenderingContext, type: number, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (!shader) throw new FluxError("screen.no_webgl2", "no shader could be made");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}

/** Compiles the one program that draws tiles. Throws `screen.no_webgl2` with the driver's message. */
export function createProgram(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  const shaders = [compile(gl, gl.VERTEX_SHADER, vertexSource), compile(gl, gl.FRAGMENT_SHADER, fragmentSource)];
  for (const shader of shaders) gl.attachShader(program, shader);
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    const logs = [gl.getProgramInfoLog(program), ...shaders.map((shader) => gl.getShaderInfoLog(shader))];
    throw new FluxError("screen.no_webgl2", logs.filter(Boolean).join("; "));
  }
  for (const shader of shaders) gl.deleteShader(shader);
  return program;
}
