// What scenes are furnished with. A stage collects instances per mesh; props are functions that put several on it.
import { transform } from "./math.mjs";

/** Material numbers of the scene shader. */
export const material = {
  plain: 0,
  asphalt: 1,
  concrete: 2,
  brick: 3,
  tiles: 4,
  facade: 5,
  corrugated: 6,
  grass: 7,
  paint: 8,
  light: 9,
  carton: 10,
  ballast: 11,
  stone: 12,
  goods: 13,
  wood: 14,
};

export function createStage(base = {}) {
  const things = Object.fromEntries(Object.entries(base).map(([name, list]) => [name, [...list]]));
  const put = (mesh, at, size, colour, kind = material.plain, turnY = 0, turnX = 0, turnZ = 0) => {
    things[mesh] ??= [];
    things[mesh].push(...transform(at, size, turnY, turnX, turnZ), ...colour, kind);
  };
  return { things, put };
}

/** Puts parts given in a thing's own axes (x right, y up, z ahead) at its place and heading. */
export function placed(stage, { x, y = 0, z, heading }) {
  const [sin, cos] = [Math.sin(heading), Math.cos(heading)];
  return (mesh, [px, py, pz], size, colour, kind = 0, turnX = 0, turnZ = 0, turnY = 0) =>
    stage.put(
      mesh,
      [x + px * cos + pz * sin, y + py, z - px * sin + pz * cos],
      size,
      colour,
      kind,
      heading + turnY,
      turnX,
      turnZ,
    );
}

const rubber = [0.015, 0.015, 0.017];
const glass = [0.03, 0.04, 0.05];

/** A car, 4.4 m long. `kind`: "saloon", "hatch" or "van"; `lamps` from 0 to 1, `braking` lights the rear. */
export function car(stage, pose, colour, { kind = "saloon", lamps = 0, braking = false } = {}) {
  const part = placed(stage, pose);
  const van = kind === "van";
  const length = van ? 5.2 : kind === "hatch" ? 3.9 : 4.5;
  const paint = material.paint;
  part("rounded", [0, 0.62, 0], [1.8, 0.62, length], colour, paint);
  part("box", [0, 0.38, 0], [1.66, 0.24, length * 0.94], [0.03, 0.03, 0.035]);
  if (van) {
    part("rounded", [0, 1.28, -0.35], [1.82, 1.5, length * 0.84], colour, paint);
    part("tapered", [0, 1.22, length * 0.3], [1.72, 0.75, 1.5], glass, paint);
  } else {
    const cabin = kind === "hatch" ? { z: -0.35, size: 2.7 } : { z: -0.22, size: 2.5 };
    part("tapered", [0, 1.16, cabin.z], [1.62, 0.56, cabin.size], glass, paint);
    part("rounded", [0, 1.42, cabin.z], [1.38, 0.12, cabin.size * 0.62], colour, paint);
  }
  for (const side of [-1, 1]) {
    for (const end of [-1, 1]) {
      const at = [side * 0.82, 0.33, end * length * 0.31];
      part("cylinder", at, [0.66, 0.22, 0.66], rubber, 0, 0, Math.PI / 2);
      part("cylinder", [side * 0.9, 0.33, at[2]], [0.4, 0.08, 0.4], [0.35, 0.36, 0.38], paint, 0, Math.PI / 2);
    }
    const front = 0.35 + 2.6 * lamps;
    part(
      "rounded",
      [side * 0.66, 0.68, length / 2 - 0.04],
      [0.38, 0.16, 0.14],
      [front, front, front * 0.92],
      lamps > 0 ? material.light : paint,
    );
    const rear = braking ? 1.6 : 0.16 + 0.5 * lamps;
    part(
      "box",
      [side * 0.7, 0.76, -length / 2 + 0.02],
      [0.3, 0.14, 0.08],
      [rear, 0.02, 0.02],
      rear > 0.5 ? material.light : paint,
    );
    part("box", [side * 0.98, 1.0, 0.75], [0.16, 0.12, 0.1], colour, paint);
  }
  part("box", [0, 0.55, length / 2], [0.52, 0.12, 0.04], [0.7, 0.7, 0.66]);
}

/** A walking person; `walked` metres drive the legs, 0 stands still. */
export function person(
  stage,
  pose,
  { top, legs = [0.05, 0.06, 0.09], skin = [0.5, 0.33, 0.25], hair = [0.04, 0.03, 0.025], bag },
  walked = 0,
) {
  const part = placed(stage, pose);
  const swing = walked === 0 ? 0 : Math.sin(walked * 4.2) * 0.5;
  const bob = walked === 0 ? 0 : Math.abs(Math.cos(walked * 4.2)) * 0.03;
  for (const side of [-1, 1]) {
    const angle = swing * side;
    part("rounded", [side * 0.1, 0.62 + bob, -Math.sin(angle) * 0.22], [0.17, 0.5, 0.19], legs, 0, angle);
    const knee = Math.max(0, -angle) * 0.9;
    part(
      "rounded",
      [side * 0.1, 0.25 + knee * 0.08, -Math.sin(angle) * 0.6 - knee * 0.1],
      [0.14, 0.5, 0.15],
      legs,
      0,
      angle + knee,
    );
    part(
      "rounded",
      [side * 0.1, 0.05 + knee * 0.1, -Math.sin(angle) * 0.75 - knee * 0.1 + 0.06],
      [0.13, 0.1, 0.27],
      [0.02, 0.02, 0.02],
    );
    part(
      "rounded",
      [side * 0.27, 1.16 + bob, Math.sin(angle) * 0.2],
      [0.13, 0.62, 0.15],
      top.map((c) => c * 0.9),
      0,
      -angle * 0.8,
    );
    part("sphere", [side * 0.27, 0.86 + bob, Math.sin(angle) * 0.42], [0.11, 0.13, 0.11], skin);
  }
  part("rounded", [0, 1.17 + bob, 0], [0.44, 0.66, 0.26], top);
  part("cylinder", [0, 1.5 + bob, 0], [0.12, 0.12, 0.12], skin);
  part("sphere", [0, 1.64 + bob, 0.01], [0.2, 0.26, 0.23], skin);
  part("sphere", [0, 1.68 + bob, -0.025], [0.22, 0.24, 0.23], hair);
  if (bag) part("rounded", [0, 1.18 + bob, -0.22], [0.34, 0.46, 0.18], bag);
}

export function tree(stage, x, z, height = 5, tint = [0.07, 0.13, 0.045]) {
  stage.put("cylinder", [x, height * 0.25, z], [0.24, height * 0.5, 0.24], [0.09, 0.06, 0.04]);
  for (const [dx, dy, dz, size] of [
    [0, 0.72, 0, 0.62],
    [0.18, 0.58, 0.1, 0.42],
    [-0.17, 0.6, -0.12, 0.44],
    [0.05, 0.6, -0.2, 0.4],
    [-0.08, 0.86, 0.06, 0.4],
  ]) {
    const shade = 0.8 + dy * 0.4;
    stage.put(
      "sphere",
      [x + dx * height, dy * height, z + dz * height],
      [size * height, size * height * 0.85, size * height],
      tint.map((c) => c * shade),
      material.grass,
    );
  }
}

export function lampPost(stage, x, z, { height = 6, heading = 0, lit = 0 } = {}) {
  const part = placed(stage, { x, z, heading });
  part("cylinder", [0, height / 2, 0], [0.14, height, 0.14], [0.16, 0.17, 0.18]);
  part("box", [0, height, 0.6], [0.1, 0.08, 1.3], [0.16, 0.17, 0.18]);
  part(
    "rounded",
    [0, height - 0.04, 1.3],
    [0.28, 0.12, 0.6],
    lit > 0 ? [2 * lit, 1.8 * lit, 1.4 * lit] : [0.5, 0.5, 0.48],
    lit > 0 ? material.light : 0,
  );
}

/** A painted line on the floor from a to b, [x, z]. */
export function stripe(stage, [ax, az], [bx, bz], width = 0.12, colour = [0.62, 0.62, 0.58], y = 0.012) {
  const length = Math.hypot(bx - ax, bz - az);
  stage.put(
    "plane",
    [(ax + bx) / 2, y, (az + bz) / 2],
    [width, 1, length],
    colour,
    material.plain,
    Math.atan2(bx - ax, bz - az),
  );
}

/** A pallet rack of cartons along z. */
export function pallet(stage, x, y, z, random, turn = 0) {
  const part = placed(stage, { x, y, z, heading: turn });
  part("box", [0, 0.07, 0], [1.2, 0.14, 1.0], [0.26, 0.18, 0.1], material.wood);
  const tint = 0.8 + random() * 0.4;
  const colour = [0.33 * tint, 0.23 * tint, 0.13 * tint];
  const rows = 1 + Math.floor(random() * 2.99);
  for (let row = 0; row < rows; row += 1) {
    for (const dx of [-0.29, 0.29])
      for (const dz of [-0.24, 0.24]) {
        if (row === rows - 1 && random() < 0.25) continue;
        part(
          "box",
          [dx, 0.36 + row * 0.43, dz],
          [0.56, 0.42, 0.46],
          colour.map((c) => c * (0.92 + random() * 0.16)),
          material.carton,
        );
      }
  }
}
