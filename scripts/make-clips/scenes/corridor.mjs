import { follow, mix, smoothstep } from "../math.mjs";
import { createStage, material, person, placed } from "../props.mjs";

const wall = [0.5, 0.49, 0.45];

function doorway(stage, side, z, open = 0) {
  const x = side * 1.62;
  stage.put("box", [x, 1.1, z], [0.1, 2.25, 1.16], [0.22, 0.22, 0.23]);
  if (open > 0) stage.put("box", [x - side * 0.05, 1.08, z], [0.12, 2.1, 0.98], [0.06, 0.06, 0.06]);
  const swing = open * 1.3;
  const part = placed(stage, { x: x - side * 0.07, z: z + 0.48, heading: -side * swing });
  part("box", [0, 1.08, -0.48], [0.06, 2.1, 0.96], [0.3, 0.2, 0.12], material.wood);
  part("box", [-side * 0.06, 1.05, -0.86], [0.08, 0.04, 0.14], [0.5, 0.5, 0.5], material.paint);
  part("box", [-side * 0.035, 1.6, -0.48], [0.02, 0.5, 0.3], [0.12, 0.14, 0.16], material.paint);
  stage.put("box", [x - side * 0.06, 1.62, z - 0.86], [0.02, 0.22, 0.3], [0.05, 0.12, 0.26]);
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, -14], [3.4, 1, 52], [0.4, 0.42, 0.42], material.tiles);
  stage.put("box", [0, 2.82, -14], [3.6, 0.08, 52], [0.56, 0.56, 0.55], material.tiles);
  for (const side of [-1, 1]) {
    stage.put("box", [side * 1.72, 1.4, -14], [0.1, 2.8, 52], wall);
    stage.put("box", [side * 1.66, 0.07, -14], [0.06, 0.14, 52], [0.1, 0.1, 0.11]);
    stage.put("box", [side * 1.64, 0.95, -14], [0.06, 0.14, 52], [0.25, 0.17, 0.1], material.wood);
    for (const z of [4, -1.5, -12.5, -18, -23.5, -29]) doorway(stage, side, z + side * 0.9);
  }
  doorway(stage, -1, -7.9);
  stage.put("box", [0, 1.4, -35], [3.6, 2.8, 0.1], wall);
  stage.put("box", [0, 1.1, -34.9], [1.9, 2.2, 0.1], [0.28, 0.3, 0.32], material.paint);
  stage.put("box", [0, 2.45, -34.6], [0.7, 0.24, 0.06], [0.1, 1.5, 0.5], material.light);
  for (let z = 4; z > -35; z -= 4.2)
    stage.put("box", [0, 2.77, z], [0.62, 0.04, 1.25], [2.5, 2.5, 2.4], material.light);
  stage.put("rounded", [-1.45, 0.9, 1.4], [0.22, 0.62, 0.26], [0.5, 0.03, 0.02], material.paint);
  stage.put("rounded", [1.42, 0.5, -9.6], [0.4, 1.0, 0.5], [0.3, 0.32, 0.34], material.paint);
  return stage.things;
}

function cart(stage, pose) {
  const part = placed(stage, pose);
  part("rounded", [0, 0.5, 0], [0.5, 0.6, 0.9], [0.1, 0.2, 0.34]);
  part("rounded", [0, 0.95, 0.28], [0.46, 0.34, 0.34], [0.56, 0.5, 0.08]);
  part("cylinder", [0.18, 1.1, -0.3], [0.04, 1.1, 0.04], [0.5, 0.42, 0.25]);
  for (const side of [-1, 1])
    for (const z of [-0.35, 0.35])
      part("cylinder", [side * 0.2, 0.09, z], [0.18, 0.06, 0.18], [0.03, 0.03, 0.03], 0, 0, Math.PI / 2);
}

const base = build();

export const corridor = {
  file: "corridor",
  name: "Corridor B2",
  clock: [10, 14, 55],
  look: {
    camera: { eye: [-0.75, 2.52, 7.4], target: [0.15, 0.75, -4.5], fov: 68 },
    sun: { direction: [0.05, 1, 0.12], colour: [0.0, 0.0, 0.0], reach: 20, centre: [0, 0, -8], softness: 3 },
    ambient: { above: [0.5, 0.5, 0.49], below: [0.36, 0.36, 0.34] },
    sky: { high: [0.1, 0.1, 0.1], low: [0.1, 0.1, 0.1] },
    glow: 0.12,
    exposure: 0.7,
    grain: 0.012,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const towards = t * 1.42;
    person(
      stage,
      follow(
        [
          [0.5, -30],
          [0.45, -4],
          [0.3, 12],
        ],
        towards + 8.5,
      ),
      { top: [0.07, 0.09, 0.14], bag: [0.03, 0.03, 0.03] },
      towards,
    );
    const away = t * 1.3;
    person(
      stage,
      follow(
        [
          [-0.35, 10],
          [-0.5, -34],
        ],
        away - 0.5,
      ),
      { top: [0.42, 0.16, 0.1], legs: [0.14, 0.13, 0.1], hair: [0.16, 0.1, 0.04] },
      away + 0.01,
    );
    // The fifth door on the right opens; someone comes out and goes down the corridor.
    const open = smoothstep(4, 5, t) - smoothstep(7.4, 8.6, t);
    doorway(stage, 1, -6.1, open);
    if (t > 4.6) {
      const walked = (t - 4.6) * 1.35;
      person(
        stage,
        follow(
          [
            [2.1, -6.15],
            [0.6, -6.5],
            [0.45, -14],
            [0.4, -34],
          ],
          walked,
        ),
        { top: [0.5, 0.5, 0.48], legs: [0.1, 0.12, 0.16] },
        walked,
      );
    }
    const pushed = mix(0, 9, smoothstep(0, 19.9, t)) * 0 + t * 0.75;
    const at = follow(
      [
        [-0.9, -26],
        [-0.95, -6],
      ],
      pushed + 2,
    );
    cart(stage, at);
    person(stage, { ...at, z: at.z - 0.95 }, { top: [0.1, 0.3, 0.3], legs: [0.1, 0.3, 0.3] }, pushed + 0.01);
    const lamps = [5.5, 1, -4, -9, -14, -20, -27].map((z) => ({
      at: [0, 2.65, z],
      colour: [0.85, 0.85, 0.8],
      reach: 6.5,
    }));
    return { things: stage.things, lamps };
  },
};
