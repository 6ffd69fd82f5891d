import { follow, seeded, smoothstep } from "../math.mjs";
import { createStage, material, person, placed } from "../props.mjs";

function shelf(stage, x, z, length, turn = 0) {
  const part = placed(stage, { x, z, heading: turn });
  part("box", [0, 0.95, 0], [0.1, 1.9, length], [0.4, 0.4, 0.4]);
  for (const side of [-1, 1]) {
    for (const y of [0.12, 0.55, 0.98, 1.41]) {
      part("box", [side * 0.28, y, 0], [0.46, 0.04, length], [0.55, 0.55, 0.54]);
      part("box", [side * 0.25, y + 0.2, 0], [0.36, 0.3, length * 0.97], [0.4, 0.32, 0.26], material.goods);
      part("box", [side * 0.52, y, 0], [0.02, 0.05, length], [0.6, 0.1, 0.06]);
    }
  }
  part("box", [0, 1.92, 0], [1.04, 0.05, length], [0.55, 0.55, 0.54]);
}

function till(stage) {
  stage.put("rounded", [1.4, 0.45, 1.2], [0.95, 0.9, 3.4], [0.36, 0.37, 0.39]);
  stage.put("box", [1.4, 0.91, 0.7], [0.62, 0.04, 2.2], [0.03, 0.03, 0.035]);
  stage.put("box", [1.4, 0.92, 2.35], [0.8, 0.05, 1.0], [0.46, 0.46, 0.46], material.paint);
  stage.put("box", [1.72, 1.25, 1.95], [0.06, 0.36, 0.46], [0.03, 0.03, 0.03], material.paint, 0.5);
  stage.put("box", [1.68, 1.25, 1.96], [0.02, 0.28, 0.38], [0.25, 0.6, 0.9], material.light, 0.5);
  stage.put("cylinder", [1.75, 1.05, 1.95], [0.05, 0.4, 0.05], [0.05, 0.05, 0.05]);
  stage.put("box", [1.05, 1.1, 1.9], [0.16, 0.24, 0.12], [0.05, 0.05, 0.06], material.paint, 0, -0.5);
  stage.put("cylinder", [1.9, 1.9, -0.2], [0.05, 2.0, 0.05], [0.5, 0.5, 0.5]);
  stage.put("box", [1.9, 2.75, -0.2], [0.4, 0.4, 0.12], [0.2, 2.0, 0.5], material.light);
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, -4], [24, 1, 24], [0.48, 0.47, 0.44], material.tiles);
  stage.put("box", [0, 1.8, -12], [24, 3.6, 0.2], [0.48, 0.46, 0.42]);
  stage.put("box", [-8, 1.8, -4], [0.2, 3.6, 24], [0.48, 0.46, 0.42]);
  stage.put("box", [8, 1.8, -4], [0.2, 3.6, 24], [0.48, 0.46, 0.42]);
  for (let x = -6; x <= 6; x += 3) {
    stage.put("box", [x, 1.1, -11.7], [2.8, 2.2, 0.5], [0.5, 0.55, 0.6], material.goods);
    stage.put("box", [x, 2.35, -11.5], [2.8, 0.3, 0.4], [1.2, 1.25, 1.3], material.light);
  }
  for (const x of [-5.2, -2.6, 0.2]) shelf(stage, x, -6, 6.4);
  shelf(stage, 6.6, -4.5, 7);
  till(stage);
  const random = seeded(17);
  // A basket of fruit and a newspaper stand by the till.
  stage.put("rounded", [-2.6, 0.4, 0.4], [1.5, 0.8, 1.1], [0.3, 0.2, 0.1], material.wood);
  for (let at = 0; at < 60; at += 1) {
    const half = at % 2 === 0;
    stage.put(
      "sphere",
      [-2.6 + (half ? -0.36 : 0.36) + (random() - 0.5) * 0.6, 0.84 + random() * 0.08, 0.4 + (random() - 0.5) * 0.85],
      [0.13, 0.13, 0.13],
      half ? [0.55, 0.24, 0.02] : [0.4, 0.04, 0.03],
      material.paint,
    );
  }
  stage.put("box", [4.6, 0.7, -0.6], [0.9, 1.4, 0.5], [0.4, 0.38, 0.34], material.goods);
  stage.put("plane", [0.2, 0.012, 3.6], [2.2, 1, 1.6], [0.08, 0.08, 0.09]);
  return stage.things;
}

const base = build();
const items = [
  [0.5, 0.06, 0.05],
  [0.07, 0.3, 0.12],
  [0.5, 0.42, 0.08],
  [0.1, 0.16, 0.42],
  [0.5, 0.5, 0.48],
];

export const shop = {
  file: "shop",
  name: "Shop till 3",
  clock: [18, 26, 38],
  look: {
    camera: { eye: [-2.9, 3.35, 5.6], target: [0.75, 0.55, -1.0], fov: 66 },
    sun: { direction: [0.15, 1, 0.2], colour: [0.8, 0.78, 0.74], reach: 12, centre: [0, 0, -3], softness: 4 },
    ambient: { above: [0.58, 0.57, 0.55], below: [0.4, 0.38, 0.35] },
    sky: { high: [0.3, 0.3, 0.3], low: [0.3, 0.3, 0.3] },
    glow: 0.12,
    exposure: 0.66,
    grain: 0.011,
  },
  still: base,
  make(t) {
    const stage = createStage();
    // Goods ride on the belt towards the cashier, ten seconds per customer.
    const round = t % 10;
    for (const [at, colour] of items.entries()) {
      const z = -0.5 + round * 0.34 - at * 0.34;
      if (z > -0.4 && z < 1.75)
        stage.put(
          "rounded",
          [1.4 + ((at * 7) % 3) * 0.12 - 0.12, 1.03, z],
          [0.2, 0.22, 0.16],
          colour,
          at % 2 ? material.carton : material.paint,
          at,
        );
    }
    const reach = Math.sin(t * Math.PI * 0.8) * 0.12;
    person(
      stage,
      { x: 2.35, z: 1.75 + reach * 0.4, heading: -Math.PI / 2 - 0.3 + reach },
      { top: [0.42, 0.05, 0.05], hair: [0.22, 0.13, 0.05] },
    );
    // The queue moves up when one has paid; the loop joins because all customers look alike in turn.
    const move = smoothstep(7.6, 9.6, round);
    const first = t < 10;
    const clothes = [{ top: [0.08, 0.12, 0.24] }, { top: [0.32, 0.3, 0.26], legs: [0.1, 0.1, 0.13] }];
    const [front, next] = first ? clothes : [...clothes].reverse();
    const steps = move * 1.6;
    const leaving = follow(
      [
        [0.55, 1.9],
        [0.2, 3.4],
        [-0.3, 8],
      ],
      move * 5.2,
    );
    person(stage, move > 0 ? leaving : { x: 0.55, z: 1.9, heading: Math.PI / 2 - 0.2 }, front, move > 0 ? move * 5 : 0);
    person(
      stage,
      { x: 0.5, z: 0.3 + steps, heading: move > 0 && move < 1 ? 0 : Math.PI / 2 - 0.5 },
      next,
      move > 0 && move < 1 ? steps + 0.01 : 0,
    );
    const arriving = follow(
      [
        [1.6, -10],
        [1.7, -4],
        [0.6, -2.2],
        [0.5, -1.3],
      ],
      3 + 6.6 * smoothstep(2, 7.4, round) + 1.6 * move,
    );
    const walking = (round > 2 && round < 7.4) || (move > 0 && move < 1);
    person(stage, { ...arriving, heading: walking ? arriving.heading : 0 }, front, walking ? round * 1.3 : 0);
    const browse = t * 1.1;
    person(
      stage,
      follow(
        [
          [-1.3, -12],
          [-1.3, -4],
          [-1.4, -1.6],
          [-4, -1.5],
          [-4, -12],
        ],
        browse + 1,
      ),
      { top: [0.14, 0.3, 0.2], bag: [0.3, 0.1, 0.04] },
      browse,
    );
    const lamps = [
      [-3, 0],
      [3, 0],
      [-3, -6],
      [3, -6],
    ].map(([x, z]) => ({ at: [x, 3.4, z], colour: [0.4, 0.39, 0.36], reach: 8 }));
    return { things: stage.things, lamps };
  },
};
