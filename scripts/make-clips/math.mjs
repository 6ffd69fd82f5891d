// Column-major 4x4 matrices and a few curves. Right-handed, y up, metres.
export const subtract = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
export const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export function normalize(a) {
  const length = Math.hypot(...a) || 1;
  return a.map((value) => value / length);
}
export const mix = (a, b, share) => a + (b - a) * share;
export const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));
/** 0 before `from`, 1 after `to`, smooth between. */
export function smoothstep(from, to, value) {
  const share = clamp((value - from) / (to - from));
  return share * share * (3 - 2 * share);
}

export function multiply(a, b) {
  const out = new Float32Array(16);
  for (let column = 0; column < 4; column += 1) {
    for (let row = 0; row < 4; row += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += a[k * 4 + row] * b[column * 4 + k];
      out[column * 4 + row] = sum;
    }
  }
  return out;
}

export function perspective(fovDegrees, aspect, near, far) {
  const f = 1 / Math.tan((fovDegrees * Math.PI) / 360);
  const depth = 1 / (near - far);
  return new Float32Array([
    f / aspect,
    0,
    0,
    0,
    0,
    f,
    0,
    0,
    0,
    0,
    (far + near) * depth,
    -1,
    0,
    0,
    2 * far * near * depth,
    0,
  ]);
}

export function orthographic(half, near, far) {
  return new Float32Array([
    1 / half,
    0,
    0,
    0,
    0,
    1 / half,
    0,
    0,
    0,
    0,
    -2 / (far - near),
    0,
    0,
    0,
    -(far + near) / (far - near),
    1,
  ]);
}

export function lookAt(eye, target, up = [0, 1, 0]) {
  const z = normalize(subtract(eye, target));
  const x = normalize(cross(up, z));
  const y = cross(z, x);
  return new Float32Array([
    x[0],
    y[0],
    z[0],
    0,
    x[1],
    y[1],
    z[1],
    0,
    x[2],
    y[2],
    z[2],
    0,
    -dot(x, eye),
    -dot(y, eye),
    -dot(z, eye),
    1,
  ]);
}

/** Model matrix: scale, then turns about x, z and y (radians), then move. */
export function transform([px, py, pz], [sx, sy, sz], turnY = 0, turnX = 0, turnZ = 0) {
  const [cy, siny, cx, sinx, cz, sinz] = [turnY, turnX, turnZ].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
  // R = Ry * Rx * Rz, columns scaled.
  return [
    [(cy * cz + siny * sinx * sinz) * sx, cx * sinz * sx, (-siny * cz + cy * sinx * sinz) * sx, 0],
    [(-cy * sinz + siny * sinx * cz) * sy, cx * cz * sy, (siny * sinz + cy * sinx * cz) * sy, 0],
    [siny * cx * sz, -sinx * sz, cy * cx * sz, 0],
    [px, py, pz, 1],
  ].flat();
}

/**
 * Position and heading on a path of [x, z] points at `distance` metres from its start (Catmull-Rom, so corners are
 * rounded). Before the start and after the end the path goes straight on.
 */
export function follow(points, distance) {
  const lengths = points.slice(1).map((point, at) => Math.hypot(point[0] - points[at][0], point[1] - points[at][1]));
  let rest = distance;
  let leg = 0;
  while (leg < lengths.length - 1 && rest > lengths[leg]) {
    rest -= lengths[leg];
    leg += 1;
  }
  const share = rest / lengths[leg];
  const [p1, p2] = [points[leg], points[leg + 1]];
  if (share < 0 || share > 1) {
    const heading = Math.atan2(p2[0] - p1[0], p2[1] - p1[1]);
    return { x: mix(p1[0], p2[0], share), z: mix(p1[1], p2[1], share), heading };
  }
  const p0 = points[leg - 1] ?? [2 * p1[0] - p2[0], 2 * p1[1] - p2[1]];
  const p3 = points[leg + 2] ?? [2 * p2[0] - p1[0], 2 * p2[1] - p1[1]];
  const at = (axis, u) => {
    const [a, b, c, d] = [p0[axis], p1[axis], p2[axis], p3[axis]];
    return 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u * u + (3 * b - a - 3 * c + d) * u * u * u);
  };
  const [x, z] = [at(0, share), at(1, share)];
  const heading = Math.atan2(at(0, share + 0.01) - at(0, share - 0.01), at(1, share + 0.01) - at(1, share - 0.01));
  return { x, z, heading };
}

/** Repeatable randomness for placing things. */
export function seeded(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** View and projection of a scene's camera. */
export const cameraOf = ({ camera }, aspect) =>
  multiply(perspective(camera.fov, aspect, 0.1, 400), lookAt(camera.eye, camera.target));
