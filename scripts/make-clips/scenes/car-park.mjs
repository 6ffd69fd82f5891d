import { follow, seeded, smoothstep } from "../math.mjs";
import { car, createStage, lampPost, material, person, stripe, tree } from "../props.mjs";

const colours = [
  [0.32, 0.33, 0.35],
  [0.05, 0.055, 0.06],
  [0.5, 0.5, 0.5],
  [0.22, 0.03, 0.03],
  [0.04, 0.08, 0.2],
  [0.13, 0.14, 0.15],
  [0.42, 0.4, 0.36],
  [0.05, 0.12, 0.09],
];
const bays = (side) => Array.from({ length: 11 }, (_, at) => ({ x: -15 + at * 2.9, z: side * 8.6 }));
const freeBay = { x: -15 + 7 * 2.9, z: -8.6 };

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, 0], [160, 1, 120], [0.15, 0.15, 0.155], material.asphalt);
  stage.put("plane", [0, 0.008, -20], [160, 1, 7], [0.09, 0.13, 0.05], material.grass);
  stage.put("box", [0, 0.06, -16.4], [160, 0.14, 0.3], [0.4, 0.4, 0.38], material.concrete);
  stage.put("box", [-13, 6, -34], [46, 12, 12], [0.36, 0.3, 0.25], material.facade);
  stage.put("box", [28, 4, -36], [32, 8, 12], [0.4, 0.4, 0.41], material.facade);
  stage.put("box", [-13, 12.2, -34], [47, 0.5, 13], [0.2, 0.2, 0.2]);
  const random = seeded(11);
  for (const side of [-1, 1]) {
    for (const { x, z } of bays(side)) {
      stripe(stage, [x - 1.45, z - 2.6], [x - 1.45, z + 2.6]);
      if ((side < 0 && x === freeBay.x) || random() < 0.22) continue;
      const kind = ["saloon", "hatch", "hatch", "saloon", "van"][Math.floor(random() * 5)];
      const heading = (side < 0 ? Math.PI : 0) + (random() < 0.4 ? Math.PI : 0) + (random() - 0.5) * 0.06;
      car(
        stage,
        { x: x + (random() - 0.5) * 0.3, z: z + (random() - 0.5) * 0.5, heading },
        colours[Math.floor(random() * colours.length)],
        { kind },
      );
    }
    stripe(stage, [15.45, side * 8.6 - 2.6], [15.45, side * 8.6 + 2.6]);
    stripe(stage, [-16.45, side * 11.2], [15.45, side * 11.2]);
  }
  for (const x of [-8, 4]) {
    stripe(stage, [x, 0], [x + 1.8, 0], 0.16);
    stripe(stage, [x + 1.3, 0.45], [x + 2.1, 0], 0.16);
    stripe(stage, [x + 1.3, -0.45], [x + 2.1, 0], 0.16);
  }
  for (const [x, height] of [
    [-22, 6],
    [-12, 5],
    [-3, 5.5],
    [8, 6.2],
    [17, 5],
    [26, 6.5],
  ])
    tree(stage, x, -20 + (x % 3), height);
  lampPost(stage, -6, -14.5, { height: 7, heading: 0 });
  lampPost(stage, 12, -14.5, { height: 7, heading: 0 });
  return stage.things;
}

const base = build();
const through = [
  [-40, 1.7],
  [-10, 1.7],
  [10, 1.6],
  [40, 1.7],
];
const parking = [
  [40, -1.8],
  [16, -1.8],
  [9.6, -1.4],
  [6.2, -4.6],
  [freeBay.x, freeBay.z],
];

export const carPark = {
  file: "car-park",
  name: "Car park north",
  clock: [7, 42, 10],
  look: {
    camera: { eye: [3, 8.2, 19.5], target: [-0.5, -0.6, -3.5], fov: 64 },
    sun: { direction: [-0.55, 0.72, 0.42], colour: [2.3, 2.1, 1.8], reach: 30, centre: [0, 0, -3], softness: 1.1 },
    ambient: { above: [0.62, 0.7, 0.84], below: [0.26, 0.25, 0.23] },
    sky: { high: [0.5, 0.66, 0.9], low: [0.86, 0.9, 0.93] },
    fog: { colour: [0.8, 0.85, 0.9], density: 0.0035 },
    exposure: 0.62,
  },
  still: base,
  make(t) {
    const stage = createStage();
    car(stage, follow(through, t * 8.5 - 22), [0.45, 0.07, 0.05], { kind: "hatch", lamps: 0.35 });
    // In, a wait, and out again backwards along the same line.
    const inside = 42.5 * smoothstep(0, 7.5, t + 0.4) - 42.5 * smoothstep(13, 19.9, t);
    car(stage, follow(parking, inside), [0.5, 0.52, 0.54], {
      kind: "saloon",
      lamps: 0.35,
      braking: (t > 5 && t < 8) || t > 13.4,
    });
    const walk = t * 1.35;
    const strolling = { top: [0.34, 0.12, 0.08], legs: [0.07, 0.09, 0.14], bag: [0.03, 0.03, 0.03] };
    person(
      stage,
      follow(
        [
          [-19, 4.6],
          [-6, 4.3],
          [9, 4.6],
          [30, 4.8],
        ],
        walk + 3,
      ),
      strolling,
      walk,
    );
    person(
      stage,
      follow(
        [
          [13, 15.5],
          [4, 13.6],
          [-14, 13.4],
        ],
        walk * 0.95 - 2,
      ),
      { top: [0.1, 0.2, 0.3] },
      walk * 0.95 + 1,
    );
    return { things: stage.things };
  },
};
