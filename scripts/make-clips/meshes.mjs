// Unit meshes around the origin, size 1: interleaved position and normal. Instances scale, turn and colour them.

function push(out, position, normal) {
  out.push(...position, ...normal);
}

function quad(out, [a, b, c, d], normal) {
  for (const corner of [a, b, c, a, c, d]) push(out, corner, normal);
}

const sides = [
  [0, 1, 2],
  [1, 2, 0],
  [2, 0, 1],
];

/** Each face of a cube as a grid; `shape` moves the points and gives their normals. */
function gridCube(steps, shape) {
  const out = [];
  for (const [u, v, w] of sides) {
    for (const sign of [-1, 1]) {
      for (let i = 0; i < steps; i += 1) {
        for (let j = 0; j < steps; j += 1) {
          const corner = (di, dj) => {
            const point = [0, 0, 0];
            point[u] = (i + di) / steps - 0.5;
            point[v] = (j + dj) / steps - 0.5;
            point[w] = sign * 0.5;
            const normal = [0, 0, 0];
            normal[w] = sign;
            return shape(point, normal);
          };
          const corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
          if (sign < 0) corners.reverse();
          for (const at of [0, 1, 2, 0, 2, 3]) push(out, corners[at][0], corners[at][1]);
        }
      }
    }
  }
  return out;
}

const box = () => gridCube(1, (point, normal) => [point, normal]);

function sphere() {
  return gridCube(4, (point) => {
    const length = Math.hypot(...point);
    const normal = point.map((value) => value / length);
    return [normal.map((value) => value / 2), normal];
  });
}

/** A cube with rounded edges, for bodies of cars, sofas, torsos. */
function rounded() {
  const radius = 0.22;
  return gridCube(4, (point) => {
    const core = point.map((value) => Math.max(-0.5 + radius, Math.min(0.5 - radius, value)));
    const away = point.map((value, axis) => value - core[axis]);
    const length = Math.hypot(...away) || 1;
    const normal = away.map((value) => value / length);
    return [core.map((value, axis) => value + normal[axis] * radius), normal];
  });
}

/** A box whose top is shorter and narrower: car cabins, roofs. */
function tapered() {
  const top = { x: 0.84, z: 0.62 };
  return gridCube(1, (point, normal) => {
    const isTop = point[1] > 0;
    const tilt = [normal[0], normal[1] + (normal[0] !== 0 ? 0.16 : 0) + (normal[2] !== 0 ? 0.4 : 0), normal[2]];
    const length = Math.hypot(...tilt);
    return [
      [point[0] * (isTop ? top.x : 1), point[1], point[2] * (isTop ? top.z : 1)],
      tilt.map((value) => value / length),
    ];
  });
}

/** Axis along y. */
function cylinder() {
  const out = [];
  const steps = 14;
  for (let at = 0; at < steps; at += 1) {
    const [a, b] = [at, at + 1].map((step) => (step / steps) * Math.PI * 2);
    const [pa, pb] = [a, b].map((angle) => [Math.cos(angle) / 2, Math.sin(angle) / 2]);
    const low = (p) => [p[0], -0.5, p[1]];
    const high = (p) => [p[0], 0.5, p[1]];
    const [na, nb] = [pa, pb].map((p) => [p[0] * 2, 0, p[1] * 2]);
    const side = [
      [low(pa), na],
      [high(pa), na],
      [high(pb), nb],
      [low(pa), na],
      [high(pb), nb],
      [low(pb), nb],
    ];
    for (const [position, normal] of side) push(out, position, normal);
    for (const corner of [[0, 0.5, 0], high(pb), high(pa)]) push(out, corner, [0, 1, 0]);
    for (const corner of [[0, -0.5, 0], low(pa), low(pb)]) push(out, corner, [0, -1, 0]);
  }
  return out;
}

/** A floor: one quad facing up. */
function plane() {
  const out = [];
  quad(
    out,
    [
      [-0.5, 0, -0.5],
      [-0.5, 0, 0.5],
      [0.5, 0, 0.5],
      [0.5, 0, -0.5],
    ],
    [0, 1, 0],
  );
  return out;
}

export const meshes = {
  box: box(),
  sphere: sphere(),
  rounded: rounded(),
  tapered: tapered(),
  cylinder: cylinder(),
  plane: plane(),
};
