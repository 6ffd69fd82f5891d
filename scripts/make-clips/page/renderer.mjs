// A small WebGL2 renderer for what never moves: instanced meshes, one sun with a shadow map, a few lamps.
import { cameraOf, lookAt, multiply, normalize, orthographic } from "../math.mjs";
import { meshes } from "../meshes.mjs";
import { sceneFragment, sceneVertex, screenVertex, shadowFragment, shadowVertex, skyFragment } from "./shaders.mjs";

const shadowSize = 2048;
const floatsPerInstance = 20;

function makeProgram(gl, vertex, fragment) {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ]) {
    const shader = gl.createShader(type);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  const places = new Map();
  const place = (name) => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    return places.get(name);
  };
  return { program, place };
}

function makeMeshes(gl) {
  return Object.entries(meshes).map(([name, data]) => {
    const vao = gl.createVertexArray();
    gl.bindVertexArray(vao);
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(data), gl.STATIC_DRAW);
    for (const [at, offset] of [
      [0, 0],
      [1, 12],
    ]) {
      gl.enableVertexAttribArray(at);
      gl.vertexAttribPointer(at, 3, gl.FLOAT, false, 24, offset);
    }
    const instances = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, instances);
    for (let at = 0; at < 5; at += 1) {
      gl.enableVertexAttribArray(2 + at);
      gl.vertexAttribPointer(2 + at, 4, gl.FLOAT, false, floatsPerInstance * 4, at * 16);
      gl.vertexAttribDivisor(2 + at, 1);
    }
    return { name, vao, instances, vertices: data.length / 6 };
  });
}

function makeTargets(gl, width, height) {
  const target = (attach) => {
    const framebuffer = gl.createFramebuffer();
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    const extra = attach();
    return { framebuffer, ...extra };
  };
  const renderbuffer = (format, point) => {
    const buffer = gl.createRenderbuffer();
    gl.bindRenderbuffer(gl.RENDERBUFFER, buffer);
    gl.renderbufferStorageMultisample(gl.RENDERBUFFER, 4, format, width, height);
    gl.framebufferRenderbuffer(gl.FRAMEBUFFER, point, gl.RENDERBUFFER, buffer);
  };
  const texture = (internal, w, h, format, type, point, filter) => {
    const made = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, made);
    gl.texImage2D(gl.TEXTURE_2D, 0, internal, w, h, 0, format, type, null);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, filter);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, point, gl.TEXTURE_2D, made, 0);
    return made;
  };
  return {
    shadow: target(() => {
      const map = texture(
        gl.DEPTH_COMPONENT24,
        shadowSize,
        shadowSize,
        gl.DEPTH_COMPONENT,
        gl.UNSIGNED_INT,
        gl.DEPTH_ATTACHMENT,
        gl.LINEAR,
      );
      gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_COMPARE_MODE, gl.COMPARE_REF_TO_TEXTURE);
      return { map };
    }),
    smooth: target(() => {
      renderbuffer(gl.RGBA16F, gl.COLOR_ATTACHMENT0);
      renderbuffer(gl.DEPTH_COMPONENT24, gl.DEPTH_ATTACHMENT);
    }),
    picture: target(() => ({
      map: texture(gl.RGBA16F, width, height, gl.RGBA, gl.HALF_FLOAT, gl.COLOR_ATTACHMENT0, gl.LINEAR),
    })),
  };
}

function setUniforms(gl, { place }, values) {
  for (const [name, value] of Object.entries(values)) {
    const at = place(name);
    if (typeof value === "number") gl.uniform1f(at, value);
    else if (value.length === 2) gl.uniform2fv(at, value);
    else if (value.length === 3) gl.uniform3fv(at, value);
    else gl.uniformMatrix4fv(at, false, value);
  }
}

/**
 * Draws a scene's still things. The result is linear light, RGBA floats, bottom row first; alpha is the distance from
 * the camera in metres (0: sky). `lit` is with the sun, `shaded` without.
 */
export function renderStill(width, height, { look, still, lamps }) {
  const canvas = new OffscreenCanvas(width, height);
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: false });
  gl.getExtension("EXT_color_buffer_float");
  const programs = {
    shadow: makeProgram(gl, shadowVertex, shadowFragment),
    scene: makeProgram(gl, sceneVertex, sceneFragment),
    sky: makeProgram(gl, screenVertex, skyFragment),
  };
  const shapes = makeMeshes(gl);
  const empty = gl.createVertexArray();
  const targets = makeTargets(gl, width, height);
  const sunDirection = normalize(look.sun.direction);
  const centre = look.sun.centre ?? [0, 0, 0];
  const sunEye = centre.map((value, axis) => value + sunDirection[axis] * 80);
  const sunMatrix = multiply(orthographic(look.sun.reach, 1, 180), lookAt(sunEye, centre, [0.01, 1, 0.02]));

  const drawShapes = () => {
    for (const shape of shapes) {
      const list = still[shape.name];
      if (!list?.length) continue;
      gl.bindVertexArray(shape.vao);
      gl.bindBuffer(gl.ARRAY_BUFFER, shape.instances);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(list), gl.STREAM_DRAW);
      gl.drawArraysInstanced(gl.TRIANGLES, 0, shape.vertices, list.length / floatsPerInstance);
    }
  };
  const bind = (target, w, h) => {
    gl.bindFramebuffer(gl.FRAMEBUFFER, target.framebuffer);
    gl.viewport(0, 0, w, h);
  };
  const drawSky = () => {
    gl.disable(gl.DEPTH_TEST);
    gl.useProgram(programs.sky.program);
    setUniforms(gl, programs.sky, { skyHigh: look.sky.high, skyLow: look.sky.low });
    gl.bindVertexArray(empty);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.enable(gl.DEPTH_TEST);
  };
  const setLamps = () => {
    const { place } = programs.scene;
    gl.uniform1i(place("lampCount"), lamps.length);
    if (lamps.length === 0) return;
    gl.uniform4fv(
      place("lampPlace"),
      lamps.flatMap(({ at, reach }) => [...at, reach]),
    );
    gl.uniform4fv(
      place("lampColour"),
      lamps.flatMap(({ colour, cone = -1 }) => [...colour, cone]),
    );
    gl.uniform3fv(
      place("lampAim"),
      lamps.flatMap(({ aim = [0, -1, 0] }) => normalize(aim)),
    );
  };

  bind(targets.shadow, shadowSize, shadowSize);
  gl.enable(gl.DEPTH_TEST);
  gl.clear(gl.DEPTH_BUFFER_BIT);
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL, not React
  gl.useProgram(programs.shadow.program);
  setUniforms(gl, programs.shadow, { sunMatrix });
  drawShapes();

  const drawWithSun = (sunColour) => {
    bind(targets.smooth, width, height);
    gl.clear(gl.DEPTH_BUFFER_BIT);
    drawSky();
    gl.useProgram(programs.scene.program);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, targets.shadow.map);
    gl.uniform1i(programs.scene.place("shadowMap"), 0);
    setUniforms(gl, programs.scene, {
      viewMatrix: cameraOf(look, width / height),
      sunMatrix,
      sunDirection,
      eye: look.camera.eye,
      sunColour,
      skyColour: look.ambient.above,
      groundColour: look.ambient.below,
      fogColour: look.fog?.colour ?? [0, 0, 0],
      fogDensity: look.fog?.density ?? 0,
      shadowSoftness: (look.sun.softness ?? 1) / shadowSize,
      wetness: look.wetness ?? 0,
    });
    setLamps();
    drawShapes();
    gl.bindFramebuffer(gl.READ_FRAMEBUFFER, targets.smooth.framebuffer);
    gl.bindFramebuffer(gl.DRAW_FRAMEBUFFER, targets.picture.framebuffer);
    gl.blitFramebuffer(0, 0, width, height, 0, 0, width, height, gl.COLOR_BUFFER_BIT, gl.NEAREST);
    gl.bindFramebuffer(gl.FRAMEBUFFER, targets.picture.framebuffer);
    const pixels = new Float32Array(width * height * 4);
    gl.readPixels(0, 0, width, height, gl.RGBA, gl.FLOAT, pixels);
    return pixels;
  };
  return { lit: drawWithSun(look.sun.colour), shaded: drawWithSun([0, 0, 0]) };
}
