import { follow, seeded, smoothstep } from "../math.mjs";
import { createStage, material, pallet, person, placed, stripe } from "../props.mjs";

const blue = [0.03, 0.1, 0.28];
const orange = [0.55, 0.2, 0.03];

function rack(stage, x, random) {
  for (let z = -34; z <= 8; z += 3) {
    for (const dx of [-0.55, 0.55]) stage.put("box", [x + dx, 3.2, z], [0.1, 6.4, 0.1], blue);
    for (const y of [1.5, 3.1, 4.7]) {
      for (const dx of [-0.55, 0.55]) stage.put("box", [x + dx, y, z + 1.5], [0.06, 0.14, 2.9], orange);
      stage.put("box", [x, y + 0.05, z + 1.5], [1.1, 0.03, 2.9], [0.3, 0.3, 0.3]);
    }
    for (const level of [0, 1.58, 3.18, 4.78]) {
      for (const dz of [0.8, 2.2]) if (random() > 0.16) pallet(stage, x, level, z + dz, random, Math.PI / 2);
    }
  }
}

/** A low robot that carries a shelf. */
function carrier(stage, pose, loaded) {
  const part = placed(stage, pose);
  part("rounded", [0, 0.2, 0], [0.9, 0.3, 1.2], [0.5, 0.5, 0.5], material.paint);
  part("box", [0, 0.22, 0.6], [0.7, 0.06, 0.03], [0.1, 1.6, 2.2], material.light);
  part("box", [0, 0.37, 0], [0.8, 0.05, 1.0], [0.06, 0.06, 0.06]);
  if (loaded) pallet(stage, pose.x, 0.4, pose.z, seeded(21), pose.heading);
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, -10], [40, 1, 70], [0.36, 0.36, 0.35], material.stone);
  const random = seeded(9);
  for (const x of [-2.7, 2.7, -4.1, 4.1]) rack(stage, x, random);
  for (const x of [-1.75, 1.75]) stripe(stage, [x, 10], [x, -36], 0.1, [0.62, 0.45, 0.03]);
  stage.put("box", [0, 4, -37], [40, 8, 0.4], [0.44, 0.45, 0.46], material.corrugated);
  for (let row = 0; row < 7; row += 1)
    stage.put("box", [0, 0.3 + row * 0.5, -36.7], [3.2, 0.47, 0.1], [0.5, 0.5, 0.5], material.corrugated);
  for (let z = 4; z > -36; z -= 6) {
    stage.put("box", [0, 7.2, z], [0.35, 0.08, 2.6], [2.6, 2.6, 2.4], material.light);
    stage.put("box", [0, 7.6, z - 3], [20, 0.4, 0.25], [0.25, 0.25, 0.26]);
  }
  stage.put("box", [0, 5.3, -2], [1.3, 0.55, 0.05], [0.6, 0.45, 0.02]);
  return stage.things;
}

const base = build();

export const warehouse = {
  file: "warehouse",
  name: "Warehouse aisle 7",
  clock: [16, 33, 12],
  look: {
    camera: { eye: [0.9, 4.9, 9.6], target: [-0.15, 1.0, -6], fov: 62 },
    sun: { direction: [0.06, 1, 0.1], colour: [1.15, 1.12, 1.02], reach: 24, centre: [0, 0, -10], softness: 3 },
    ambient: { above: [0.56, 0.57, 0.57], below: [0.34, 0.33, 0.31] },
    sky: { high: [0.16, 0.16, 0.17], low: [0.2, 0.2, 0.2] },
    fog: { colour: [0.4, 0.41, 0.42], density: 0.008 },
    glow: 0.12,
    exposure: 0.72,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const near = follow(
      [
        [-0.7, -34],
        [-0.7, -10],
        [-0.6, 14],
      ],
      3 + 28 * smoothstep(0, 11, t) + 22 * smoothstep(13, 20, t),
    );
    carrier(stage, near, true);
    const far = follow(
      [
        [0.75, 14],
        [0.75, -34],
      ],
      2.6 * t - 1,
    );
    carrier(stage, far, false);
    const worker = { top: [0.6, 0.3, 0.03], legs: [0.05, 0.06, 0.09] };
    const walked = 4.6 * (smoothstep(1, 5, t) - smoothstep(12.5, 17, t));
    const at = follow(
      [
        [1.4, -9.5],
        [1.3, -4.8],
      ],
      walked,
    );
    const moving = (t > 1 && t < 5) || (t > 12.5 && t < 17);
    const heading = moving ? at.heading + (t > 10 ? Math.PI : 0) : Math.PI / 2;
    person(stage, { ...at, heading }, worker, moving ? walked : 0);
    const distant = t * 1.35;
    person(
      stage,
      follow(
        [
          [-8, -30],
          [8, -30],
        ],
        distant - 5,
      ),
      { top: [0.1, 0.2, 0.4] },
      distant,
    );
    const lamps = [1, -8, -17, -26].map((z) => ({ at: [0, 7, z], colour: [0.45, 0.44, 0.4], reach: 13 }));
    return { things: stage.things, lamps };
  },
};
