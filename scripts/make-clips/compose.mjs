// Puts the moving things of a scene, with their shadows and lamps, into its still picture.
import { dot, mix, normalize, smoothstep } from "./math.mjs";
import { meshes } from "./meshes.mjs";
import { createLayer, createMask } from "./raster.mjs";
import { createSensor, sharpen } from "./sensor.mjs";
import { createShading } from "./shading.mjs";
import { normalMap, stillMaps } from "./still-maps.mjs";

const floatsPerInstance = 20;
const nearMetres = 0.15;
/** How far from the floor's height a surface may be and still take a moving thing's shadow. */
const floorTolerance = 0.25;

/** Meshes with each corner once: light and place are computed per corner, and many triangles share one. */
const indexedMeshes = Object.fromEntries(
  Object.entries(meshes).map(([name, data]) => {
    const corners = new Map();
    const indices = [];
    for (let v = 0; v < data.length; v += 6) {
      const corner = data.slice(v, v + 6);
      const key = corner.map((value) => value.toFixed(5)).join();
      if (!corners.has(key)) corners.set(key, { at: corners.size, corner });
      indices.push(corners.get(key).at);
    }
    return [name, { corners: [...corners.values()].map(({ corner }) => corner), indices }];
  }),
);

/** World places and normals of one instance's corners. */
function transformMesh({ corners }, list, at) {
  const m = list.slice(at, at + 16);
  const scale2 = [0, 1, 2].map((c) => m[c * 4] ** 2 + m[c * 4 + 1] ** 2 + m[c * 4 + 2] ** 2);
  return corners.map(([px, py, pz, nx, ny, nz]) => {
    const [a, b, c] = [nx / scale2[0], ny / scale2[1], nz / scale2[2]];
    return {
      place: [0, 1, 2].map((i) => m[i] * px + m[4 + i] * py + m[8 + i] * pz + m[12 + i]),
      normal: normalize([0, 1, 2].map((i) => m[i] * a + m[4 + i] * b + m[8 + i] * c)),
    };
  });
}

export function createComposer(scene, pictures, width, height) {
  const { look } = scene;
  const maps = stillMaps(pictures, look, width, height);
  const lit = sharpen(maps.lit, width);
  const shaded = sharpen(maps.shaded, width);
  const sense = createSensor(look, width, height);
  const layer = createLayer(width, height, maps.depth);
  const mask = createMask(width, height);
  const sunny = look.sun.colour[0] > 0.3;
  const sun = normalize(sunny ? look.sun.direction : [0.05, 1, 0.1]);
  const floor = look.floor ?? 0;
  const blurRadius = sunny && (look.sun.softness ?? 1) < 2 ? 1 : 5;
  const { axes } = maps;

  const still = new Uint8ClampedArray(width * height * 3);
  for (let at = 0; at < width * height; at += 1) sense(still, at, lit[at * 3], lit[at * 3 + 1], lit[at * 3 + 2]);

  const project = (place) => {
    const away = [0, 1, 2].map((i) => place[i] - axes.eye[i]);
    const depth = dot(away, axes.ahead);
    const x = (dot(away, axes.right) / depth / axes.halfWidth + 1) * 0.5 * width;
    const y = (1 - dot(away, axes.up) / depth / axes.halfHeight) * 0.5 * height;
    return { x, y, depth };
  };
  const ontoFloor = (place) => place.map((value, i) => value - (sun[i] * Math.max(0, place[1] - floor)) / sun[1]);

  function drawMoving(things, shade) {
    for (const [name, list] of Object.entries(things)) {
      for (let at = 0; at < list.length; at += floatsPerInstance) {
        const middle = project(list.slice(at + 12, at + 15));
        // Far outside the picture, shadow included.
        if (middle.depth > 1 && (middle.x < -width / 2 || middle.x > width * 1.5)) continue;
        const [colour, kind] = [list.slice(at + 16, at + 19), list[at + 19]];
        const mesh = indexedMeshes[name];
        const corners = transformMesh(mesh, list, at).map(({ place, normal }) => ({
          ...project(place),
          place,
          normal,
          shadow: project(ontoFloor(place)),
          light: undefined,
        }));
        for (let v = 0; v < mesh.indices.length; v += 3) {
          const triangle = [corners[mesh.indices[v]], corners[mesh.indices[v + 1]], corners[mesh.indices[v + 2]]];
          drawTriangle(triangle, (corner) => shade(corner.place, corner.normal, colour, kind));
        }
      }
    }
  }

  function drawTriangle(triangle, shadeCorner) {
    if (triangle.some(({ depth }) => depth < nearMetres)) return;
    if (triangle.every(({ shadow }) => shadow.depth > nearMetres)) {
      mask.triangle(triangle.map(({ shadow }) => [shadow.x, shadow.y]));
    }
    const [a, b, c] = triangle;
    // Clockwise on the screen, where y goes down: turned away.
    if ((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x) >= 0) return;
    for (const corner of triangle) corner.light ??= shadeCorner(corner);
    layer.triangle(triangle);
  }

  /** Linear light of the still picture at a pixel, under the moving things' shadows and lamps. */
  function background(at, extra) {
    const height0 = maps.place[at * 3 + 1] - floor;
    const shadow = Math.abs(height0) < floorTolerance ? mask.cells[at] : 0;
    return [0, 1, 2].map((i) => {
      const light = lit[at * 3 + i];
      const dark = sunny ? mix(light, shaded[at * 3 + i], 0.92) : light * 0.5;
      return mix(light, Math.min(light, dark), shadow) + (extra ? extra[at] : 0);
    });
  }

  const normals = scene.make(0).movingLamps ? normalMap(maps, width, height) : undefined;

  /** Light that moving lamps throw on still surfaces, grey, per pixel. */
  function lampField(lamps) {
    const field = new Float32Array(width * height);
    const aims = lamps.map(({ aim }) => normalize(aim));
    for (let at = 0; at < field.length; at += 1) {
      if (maps.depth[at] === Number.POSITIVE_INFINITY) continue;
      for (const [index, lamp] of lamps.entries()) {
        const [dx, dy, dz] = [0, 1, 2].map((i) => lamp.at[i] - maps.place[at * 3 + i]);
        const away2 = dx * dx + dy * dy + dz * dz;
        if (away2 > lamp.reach * lamp.reach) continue;
        const away = Math.sqrt(away2);
        const facing = (normals[at * 3] * dx + normals[at * 3 + 1] * dy + normals[at * 3 + 2] * dz) / away;
        const aim = aims[index];
        const along = -(aim[0] * dx + aim[1] * dy + aim[2] * dz) / away;
        if (facing <= 0 || along < lamp.cone) continue;
        field[at] +=
          0.28 *
          lamp.colour[0] *
          facing *
          (1 - away / lamp.reach) ** 2 *
          smoothstep(lamp.cone, mix(lamp.cone, 1, 0.5), along);
      }
    }
    return field;
  }

  /** The picture at a time of the loop: RGB bytes, top row first. */
  return (t) => {
    const { things, lamps = [], movingLamps = [] } = scene.make(t);
    layer.clear();
    mask.clear();
    drawMoving(things, createShading(look, [...lamps, ...movingLamps]));
    mask.blur(blurRadius);
    const extra = movingLamps.length > 0 ? lampField(movingLamps) : undefined;
    const picture = still.slice();
    const changed = extra ? [0, 0, width - 1, height - 1] : joined(layer.box, mask.box);
    for (let y = changed[1]; y <= changed[3]; y += 1) {
      for (let x = changed[0]; x <= changed[2]; x += 1) blend(picture, y * width + x, extra);
    }
    return picture;
  };

  /** Four samples of the layer over the background, where there is anything to see. */
  function blend(picture, at, extra) {
    const { depth, colour, columns } = layer;
    const corner = Math.floor(at / width) * 2 * columns + (at % width) * 2;
    let [covered, r, g, b] = [0, 0, 0, 0];
    for (let sub = 0; sub < 4; sub += 1) {
      const sample = corner + (sub & 1) + (sub >> 1) * columns;
      if (depth[sample] === 0) continue;
      covered += 1;
      r += colour[sample * 3];
      g += colour[sample * 3 + 1];
      b += colour[sample * 3 + 2];
    }
    if (covered === 0 && mask.cells[at] < 0.004 && !extra?.[at]) return;
    if (covered < 4) {
      const behind = background(at, extra);
      r += behind[0] * (4 - covered);
      g += behind[1] * (4 - covered);
      b += behind[2] * (4 - covered);
    }
    sense(picture, at, r / 4, g / 4, b / 4);
  }
}

/** Whole pixels touched by the layer (two cells per pixel) or the mask. */
function joined(layerBox, maskBox) {
  return [
    Math.min(layerBox.left >> 1, maskBox.left),
    Math.min(layerBox.top >> 1, maskBox.top),
    Math.max(layerBox.right >> 1, maskBox.right),
    Math.max(layerBox.bottom >> 1, maskBox.bottom),
  ];
}
