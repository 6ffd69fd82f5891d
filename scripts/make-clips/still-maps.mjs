// What the compositor needs to know about a still picture: light, depth and place of every pixel, top row first.
import { cross, dot, normalize, subtract } from "./math.mjs";

/** The camera's axes and the half size of its picture plane at distance 1. */
export function cameraAxes({ camera }, aspect) {
  const ahead = normalize(subtract(camera.target, camera.eye));
  const right = normalize(cross(ahead, [0, 1, 0]));
  const up = cross(right, ahead);
  const halfHeight = Math.tan((camera.fov * Math.PI) / 360);
  return { eye: camera.eye, ahead, right, up, halfWidth: halfHeight * aspect, halfHeight };
}

/** Splits RGBA floats (bottom row first) into colour and distance, top row first. */
function unpack(pixels, width, height) {
  const colour = new Float32Array(width * height * 3);
  const distance = new Float32Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = ((height - 1 - y) * width + x) * 4;
      const at = y * width + x;
      colour.set(pixels.subarray(from, from + 3), at * 3);
      distance[at] = pixels[from + 3];
    }
  }
  return { colour, distance };
}

/** {lit, shaded} colours, `depth` along the viewing axis (infinite for sky) and `place` in the world per pixel. */
export function stillMaps({ lit, shaded }, look, width, height) {
  const axes = cameraAxes(look, width / height);
  const { colour, distance } = unpack(lit, width, height);
  const depth = new Float32Array(width * height).fill(Number.POSITIVE_INFINITY);
  const place = new Float32Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = y * width + x;
      if (distance[at] <= 0.01) continue;
      const u = ((x + 0.5) / width) * 2 - 1;
      const v = 1 - ((y + 0.5) / height) * 2;
      const ray = normalize(
        [0, 1, 2].map((i) => axes.ahead[i] + axes.right[i] * u * axes.halfWidth + axes.up[i] * v * axes.halfHeight),
      );
      depth[at] = distance[at] * dot(ray, axes.ahead);
      for (let i = 0; i < 3; i += 1) place[at * 3 + i] = axes.eye[i] + ray[i] * distance[at];
    }
  }
  return { axes, lit: colour, shaded: unpack(shaded, width, height).colour, depth, place };
}

/** Surface directions from neighbouring places, turned towards the camera. */
export function normalMap({ place, axes }, width, height) {
  const normals = new Float32Array(width * height * 3);
  const at3 = (at) => [place[at * 3], place[at * 3 + 1], place[at * 3 + 2]];
  for (let y = 0; y < height - 1; y += 1) {
    for (let x = 0; x < width - 1; x += 1) {
      const at = y * width + x;
      const here = at3(at);
      const normal = normalize(cross(subtract(at3(at + width), here), subtract(at3(at + 1), here)));
      const turned = dot(normal, subtract(axes.eye, here)) < 0 ? -1 : 1;
      for (let i = 0; i < 3; i += 1) normals[at * 3 + i] = normal[i] * turned;
    }
  }
  return normals;
}
