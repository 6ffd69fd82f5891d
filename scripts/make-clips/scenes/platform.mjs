import { follow, smoothstep } from "../math.mjs";
import { createStage, lampPost, material, person, placed, stripe } from "../props.mjs";

const trackZ = -4.6;

function track(stage, z) {
  stage.put("plane", [0, -0.98, z], [200, 1, 3.6], [0.26, 0.24, 0.22], material.ballast);
  for (let x = -70; x < 70; x += 0.75) stage.put("box", [x, -0.93, z], [0.26, 0.12, 2.5], [0.22, 0.2, 0.18]);
  for (const side of [-1, 1])
    stage.put("box", [0, -0.8, z + side * 0.75], [200, 0.15, 0.09], [0.32, 0.28, 0.25], material.paint);
}

function train(stage, front) {
  for (let wagon = 0; wagon < 3; wagon += 1) {
    const x = front - 10 - wagon * 20.4;
    if (x < -75 || x > 75) continue;
    const part = placed(stage, { x, y: -0.75, z: trackZ, heading: Math.PI / 2 });
    part("rounded", [0, 2.1, 0], [2.9, 3.5, 20], [0.5, 0.51, 0.53], material.paint);
    part("box", [0, 0.5, 0], [2.6, 0.6, 19], [0.05, 0.05, 0.05]);
    for (const side of [-1, 1]) {
      part("box", [side * 1.44, 2.45, 0], [0.06, 0.95, 18.4], [0.03, 0.035, 0.045], material.paint);
      part("box", [side * 1.44, 1.15, 0], [0.06, 0.35, 19], [0.03, 0.14, 0.3], material.paint);
      for (const z of [-6, 0, 6]) {
        part("box", [side * 1.47, 1.95, z], [0.05, 2.2, 1.5], [0.03, 0.15, 0.32], material.paint);
        part("box", [side * 1.49, 2.3, z], [0.04, 1.2, 1.1], [0.05, 0.06, 0.07], material.paint);
      }
      for (let z = -8.4; z < 9; z += 2)
        if (Math.abs(z % 6) > 1)
          part("box", [side * 1.475, 2.45, z], [0.03, 0.7, 1.3], [0.55, 0.52, 0.4], material.light);
    }
    if (wagon > 0) continue;
    part("box", [0, 2.6, 9.98], [2.2, 1.1, 0.1], [0.02, 0.025, 0.03], material.paint);
    part("box", [0, 1.2, 9.99], [2.6, 0.5, 0.1], [0.6, 0.45, 0.02]);
    for (const side of [-1, 1])
      part("sphere", [side * 0.95, 1.25, 10.05], [0.3, 0.24, 0.12], [3.4, 3.3, 2.9], material.light);
  }
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, -1.02, -20], [220, 1, 60], [0.12, 0.14, 0.07], material.grass);
  track(stage, trackZ);
  track(stage, trackZ - 4.6);
  stage.put("box", [0, -0.5, 4], [200, 1, 13.4], [0.36, 0.35, 0.34], material.concrete);
  stage.put("plane", [0, 0.012, -2.2], [200, 1, 0.5], [0.6, 0.45, 0.04], material.tiles);
  stripe(stage, [-100, -2.62], [100, -2.62], 0.14, [0.62, 0.62, 0.6]);
  // Canopy on columns.
  for (let x = -33; x <= 33; x += 6.6) {
    stage.put("cylinder", [x, 2.2, 3.6], [0.24, 4.4, 0.24], [0.1, 0.16, 0.14]);
    stage.put("box", [x, 4.3, 1.9], [0.16, 0.22, 5], [0.1, 0.16, 0.14]);
    stage.put("rounded", [x + 3.3, 4.25, 1.2], [1.6, 0.1, 0.2], [1.7, 1.7, 1.6], material.light);
  }
  stage.put("box", [0, 4.5, 2.4], [80, 0.16, 6.8], [0.3, 0.31, 0.32], material.corrugated);
  for (const x of [-9, 4.2]) {
    stage.put("rounded", [x, 0.48, 3.0], [2.2, 0.12, 0.55], [0.26, 0.17, 0.09], material.wood);
    stage.put("rounded", [x, 0.8, 3.28], [2.2, 0.5, 0.1], [0.26, 0.17, 0.09], material.wood);
    for (const side of [-0.8, 0.8]) stage.put("box", [x + side, 0.24, 3.05], [0.1, 0.48, 0.5], [0.05, 0.05, 0.05]);
  }
  stage.put("box", [-3, 3.3, 0.6], [1.9, 0.6, 0.16], [0.02, 0.05, 0.16]);
  stage.put("box", [-3, 3.3, 0.69], [1.6, 0.36, 0.02], [1.5, 0.85, 0.1], material.light);
  for (let x = -90; x < 90; x += 3) stage.put("box", [x, 0.2, -13], [0.1, 2.2, 0.1], [0.2, 0.2, 0.2]);
  stage.put("box", [0, 0.5, -13], [190, 1.4, 0.05], [0.25, 0.27, 0.25], material.corrugated);
  stage.put("box", [-32, 4, -26], [30, 10, 10], [0.32, 0.22, 0.17], material.facade);
  stage.put("box", [10, 3, -28], [38, 8, 10], [0.38, 0.37, 0.34], material.facade);
  for (const x of [-14, 34, 44]) lampPost(stage, x, -12, { height: 6 });
  return stage.things;
}

const base = build();

export const platform = {
  file: "platform",
  name: "Platform 2",
  clock: [17, 48, 20],
  look: {
    floor: -1,
    camera: { eye: [11.5, 3.75, 4.6], target: [-3, 0.3, -2.6], fov: 66 },
    sun: { direction: [0.42, 0.5, -0.62], colour: [2.1, 1.75, 1.3], reach: 30, centre: [-6, 0, -2], softness: 1 },
    ambient: { above: [0.58, 0.64, 0.76], below: [0.28, 0.26, 0.23] },
    sky: { high: [0.55, 0.66, 0.84], low: [0.94, 0.86, 0.76] },
    fog: { colour: [0.88, 0.83, 0.76], density: 0.005 },
    exposure: 0.62,
  },
  still: base,
  make(t) {
    const stage = createStage();
    // Braking in over eight seconds, doors, and away.
    const arrive = Math.min(1, t / 8);
    const leave = Math.max(0, t - 14);
    train(stage, -62 + 78 * (1 - (1 - arrive) ** 2) + 2.6 * leave * leave);
    const waiting = [
      [-6.2, -1.2, 0.3, [0.3, 0.08, 0.07]],
      [-4.4, -0.6, -0.3, [0.08, 0.1, 0.16]],
      [2.4, -1.0, 0.1, [0.36, 0.33, 0.28]],
      [-13, -0.9, 0.2, [0.1, 0.2, 0.16]],
    ];
    for (const [x, z, turn, top] of waiting) {
      const boarding = smoothstep(9, 11.4, t + x * 0.04) * 2.8;
      const back = smoothstep(17.2, 19.9, t);
      if (boarding > 2.5 && t < 17) continue;
      const walking = boarding > 0 && boarding < 2.8 && t < 16;
      person(
        stage,
        {
          x: x + (t >= 17 ? (1 - back) * 3.4 : 0),
          z: t >= 17 ? z + (1 - back) * 1.6 : z - boarding,
          heading: Math.PI + turn + (t >= 17 && back < 1 ? 0.9 : 0),
        },
        { top },
        walking ? boarding + 0.01 : t >= 17 && back < 1 ? back * 3.4 + 0.01 : 0,
      );
    }
    const off = Math.max(0, t - 9.2) * 1.45;
    if (t > 9.2) {
      person(
        stage,
        follow(
          [
            [-1.3, -3.4],
            [-1, -1.2],
            [4, 0.8],
            [22, 2.2],
          ],
          off,
        ),
        { top: [0.42, 0.4, 0.36], bag: [0.06, 0.06, 0.07] },
        off,
      );
      person(
        stage,
        follow(
          [
            [-7.4, -3.6],
            [-6.6, -1],
            [2, 1.4],
            [22, 1.2],
          ],
          off - 0.8,
        ),
        { top: [0.1, 0.24, 0.34] },
        off,
      );
    }
    const walker = t * 1.3;
    person(
      stage,
      follow(
        [
          [-34, 0.7],
          [-8, 0.6],
          [14, 1.8],
        ],
        walker + 4,
      ),
      { top: [0.34, 0.22, 0.06], legs: [0.1, 0.08, 0.06] },
      walker,
    );
    return { things: stage.things };
  },
};
