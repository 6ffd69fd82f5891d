import { follow, seeded, smoothstep } from "../math.mjs";
import { car, createStage, lampPost, material, person, placed, tree } from "../props.mjs";

function container(stage, x, z, turn, colour, y = 0) {
  const part = placed(stage, { x, y, z, heading: turn });
  part("box", [0, 1.3, 0], [2.44, 2.6, 6.1], colour, material.corrugated);
  for (const side of [-1, 1]) {
    for (const end of [-1, 1])
      part(
        "box",
        [side * 1.2, 1.3, end * 3.02],
        [0.14, 2.62, 0.14],
        colour.map((c) => c * 0.6),
      );
    part("cylinder", [side * 0.4, 1.3, 3.1], [0.05, 2.4, 0.05], [0.4, 0.4, 0.4]);
  }
}

function fence(stage, from, to, x) {
  for (let z = from; z <= to; z += 2.5) stage.put("cylinder", [x, 1.1, z], [0.07, 2.2, 0.07], [0.35, 0.35, 0.35]);
  for (const y of [0.3, 1.2, 2.1])
    stage.put("box", [x, y, (from + to) / 2], [0.03, 0.03, to - from], [0.35, 0.35, 0.35]);
  for (let z = from; z < to; z += 0.32) stage.put("box", [x, 1.15, z], [0.015, 2.1, 0.015], [0.26, 0.26, 0.26]);
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, 0], [90, 1, 90], [0.26, 0.26, 0.26], material.asphalt);
  container(stage, -8.5, -6, 0.12, [0.34, 0.34, 0.34]);
  container(stage, -8.6, -6.2, 0.06, [0.22, 0.22, 0.22], 2.6);
  container(stage, -5.6, -12.5, Math.PI / 2, [0.4, 0.4, 0.4]);
  container(stage, 10.5, -9, -0.3, [0.3, 0.3, 0.3]);
  stage.put("box", [4, 3, -22], [34, 6, 4], [0.36, 0.36, 0.36], material.brick);
  stage.put("box", [2, 1.5, -19.9], [3.4, 3, 0.2], [0.28, 0.28, 0.28], material.corrugated);
  stage.put("rounded", [2, 3.6, -19.7], [0.5, 0.2, 0.3], [2.4, 2.4, 2.4], material.light);
  fence(stage, -19, 12, 14.5);
  lampPost(stage, -11.6, -1, { height: 6, heading: Math.PI / 2 });
  for (const [x, z, height] of [
    [18, -12, 6],
    [20, -5, 7],
    [19, 3, 6],
    [-17, -16, 7],
  ])
    tree(stage, x, z, height, [0.3, 0.3, 0.3]);
  const random = seeded(31);
  for (let at = 0; at < 14; at += 1)
    stage.put(
      "rounded",
      [8.5 + random() * 3, 0.18, -2 + random() * 3],
      [0.9, 0.14, 1.1],
      [0.2, 0.2, 0.2],
      material.wood,
      random() * 3,
      random() * 0.2,
    );
  for (let at = 0; at < 3; at += 1)
    stage.put(
      "cylinder",
      [-10.5 + at * 0.75, 0.45, 3.4 + (at % 2) * 0.3],
      [0.6, 0.9, 0.6],
      [0.24, 0.24, 0.26],
      material.paint,
    );
  car(stage, { x: 7.4, z: -14.6, heading: 0.15 }, [0.5, 0.5, 0.5], { kind: "van" });
  return stage.things;
}

const base = build();
const drive = [
  [5.5, 26],
  [4.6, 12],
  [1.5, 1],
  [-1.2, -6],
  [0.4, -13],
];

/** The camera's own infrared light, the lamp over the gate, the street lamp. */
const stillLamps = [
  { at: [-1.5, 6.2, 13.3], colour: [1.5, 1.5, 1.5], reach: 27, cone: 0.55, aim: [0.12, -0.42, -1] },
  { at: [2, 3.4, -19], colour: [0.9, 0.9, 0.9], reach: 9 },
  { at: [-10.3, 5.8, -1], colour: [0.5, 0.5, 0.5], reach: 9 },
];

export const yard = {
  file: "yard",
  name: "Rear yard",
  clock: [2, 13, 27],
  look: {
    camera: { eye: [-1.5, 6.4, 13.5], target: [1, 0.2, -4], fov: 66 },
    sun: { direction: [-0.3, 0.8, 0.5], colour: [0.05, 0.05, 0.05], reach: 24, centre: [0, 0, -4], softness: 2 },
    ambient: { above: [0.035, 0.035, 0.035], below: [0.02, 0.02, 0.02] },
    sky: { high: [0.012, 0.012, 0.012], low: [0.03, 0.03, 0.03] },
    fog: { colour: [0.02, 0.02, 0.02], density: 0.012 },
    glow: 0.24,
    exposure: 2.0,
    vignette: 0.75,
    grain: 0.04,
    infrared: 1,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const way = 39 * smoothstep(1, 9, t) - 39 * smoothstep(12.5, 19.8, t);
    const pose = follow(drive, way);
    car(stage, pose, [0.4, 0.4, 0.4], { kind: "saloon", lamps: 1, braking: t > 6.5 && t < 12.6 });
    const ahead = [Math.sin(pose.heading), Math.cos(pose.heading)];
    const headlights = [-0.6, 0.6].map((side) => ({
      at: [pose.x + ahead[0] * 2.3 + ahead[1] * side, 0.75, pose.z + ahead[1] * 2.3 - ahead[0] * side],
      colour: [3, 3, 3],
      reach: 24,
      cone: 0.88,
      aim: [ahead[0], -0.1, ahead[1]],
    }));
    const patrol = follow(
      [
        [12.6, -17],
        [11.8, -4.4],
        [6.4, 2.6],
        [-5.4, 4.4],
        [-14, 5],
      ],
      t * 1.35 + 2,
    );
    const walked = t * 1.35;
    person(stage, patrol, { top: [0.5, 0.5, 0.5], legs: [0.12, 0.12, 0.12] }, walked + 0.01);
    const sweep = patrol.heading + Math.sin((t / 20) * Math.PI * 8) * 0.5;
    const torch = {
      at: [patrol.x + Math.sin(sweep) * 0.4, 1.1, patrol.z + Math.cos(sweep) * 0.4],
      colour: [1.6, 1.6, 1.6],
      reach: 12,
      cone: 0.9,
      aim: [Math.sin(sweep), -0.25, Math.cos(sweep)],
    };
    stage.put("sphere", torch.at, [0.12, 0.12, 0.12], [3, 3, 3], material.light);
    return { things: stage.things, lamps: stillLamps, movingLamps: [...headlights, torch] };
  },
};
