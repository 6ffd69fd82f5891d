import { follow, mix, seeded, smoothstep } from "../math.mjs";
import { createStage, material, pallet, person, placed, stripe } from "../props.mjs";

const yellow = [0.62, 0.42, 0.03];

function bay(stage, x, open) {
  for (const side of [-1, 1]) stage.put("box", [x + side * 1.75, 1.8, -6.8], [0.3, 3.6, 0.4], [0.05, 0.05, 0.05]);
  stage.put("box", [x, 3.75, -6.8], [3.8, 0.5, 0.5], [0.05, 0.05, 0.05]);
  if (open) {
    // The inside of a lorry's box.
    stage.put("box", [x, 0.02, -12], [2.9, 0.08, 10], [0.23, 0.17, 0.11], material.wood);
    for (const side of [-1, 1])
      stage.put("box", [x + side * 1.5, 1.7, -12], [0.1, 3.4, 10], [0.5, 0.5, 0.5], material.corrugated);
    stage.put("box", [x, 1.7, -17], [3, 3.4, 0.1], [0.45, 0.45, 0.45], material.corrugated);
    stage.put("box", [x, 3.45, -12], [3, 0.1, 10], [0.45, 0.45, 0.45]);
  } else {
    for (let row = 0; row < 6; row += 1)
      stage.put("box", [x, 0.31 + row * 0.6, -6.9], [3.2, 0.57, 0.12], [0.46, 0.47, 0.48], material.corrugated);
  }
  stage.put("box", [x, 0.02, -6.2], [2.6, 0.05, 1.6], [0.2, 0.2, 0.21], material.corrugated);
  for (const side of [-1, 1])
    for (let at = 0; at < 5; at += 1)
      stripe(
        stage,
        [x + side * 2.2, -6.4 + at * 0.55],
        [x + side * 2.2, -6.1 + at * 0.55],
        0.28,
        at % 2 ? [0.02, 0.02, 0.02] : yellow,
      );
  stage.put("box", [x, 4.45, -6.75], [0.8, 0.5, 0.06], [0.04, 0.12, 0.3]);
}

/** Drives with its fork ahead; `lift` in metres. */
function forklift(stage, pose, lift, load) {
  const part = placed(stage, pose);
  const orange = [0.62, 0.24, 0.03];
  part("rounded", [0, 0.62, -0.35], [1.1, 0.62, 1.5], orange, material.paint);
  part("rounded", [0, 0.8, -0.95], [1.08, 0.75, 0.5], [0.05, 0.05, 0.05]);
  for (const side of [-1, 1]) {
    for (const [z, size] of [
      [0.35, 0.62],
      [-0.8, 0.52],
    ])
      part("cylinder", [side * 0.52, size / 2, z], [size, 0.22, size], [0.02, 0.02, 0.02], 0, 0, Math.PI / 2);
    for (const z of [-0.7, 0.3]) part("box", [side * 0.48, 1.5, z], [0.07, 1.5, 0.07], [0.05, 0.05, 0.05]);
    part("box", [side * 0.28, 1.2, 0.62], [0.1, 2.3, 0.12], [0.08, 0.08, 0.08]);
    part("box", [side * 0.28, 0.08 + lift, 1.25], [0.12, 0.05, 1.15], [0.1, 0.1, 0.1]);
  }
  part("box", [0, 2.24, -0.2], [1.05, 0.06, 1.15], [0.05, 0.05, 0.05]);
  part("box", [0, 0.35 + lift, 0.7], [0.9, 0.5, 0.06], [0.1, 0.1, 0.1]);
  part("rounded", [0, 1.35, -0.35], [0.42, 0.6, 0.26], [0.6, 0.5, 0.04]);
  part("sphere", [0, 1.8, -0.33], [0.22, 0.26, 0.22], [0.5, 0.34, 0.26]);
  part("sphere", [0, 1.9, -0.33], [0.28, 0.18, 0.3], [0.6, 0.6, 0.58]);
  if (load) {
    const random = seeded(5);
    const [sin, cos] = [Math.sin(pose.heading), Math.cos(pose.heading)];
    pallet(stage, pose.x + sin * 1.35, 0.02 + lift, pose.z + cos * 1.35, random, pose.heading);
  }
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, 0], [50, 1, 40], [0.3, 0.3, 0.29], material.concrete);
  for (const [x, width] of [
    [-12.4, 7],
    [-4, 3.4],
    [4, 3.4],
    [12.4, 7],
  ])
    stage.put("box", [x, 4, -7.2], [width + 1.2, 8, 0.6], [0.4, 0.43, 0.45], material.corrugated);
  stage.put("box", [0, 6, -7.2], [40, 4, 0.6], [0.4, 0.43, 0.45], material.corrugated);
  stage.put("box", [-11.5, 4, 2], [0.4, 8, 30], [0.38, 0.38, 0.37], material.concrete);
  stage.put("box", [13.5, 4, 2], [0.4, 8, 30], [0.38, 0.38, 0.37], material.concrete);
  bay(stage, -7, false);
  bay(stage, 0, true);
  bay(stage, 7, false);
  const random = seeded(3);
  for (const [x, z] of [
    [-9.8, -3.8],
    [-9.8, -2.2],
    [-9.8, -0.6],
    [-9.8, 1],
    [11.6, -3.6],
    [11.6, -2],
    [11.6, 0.6],
    [-8.4, 1],
    [10, 0.6],
    [10.2, 3.4],
    [11.6, 3.4],
  ])
    pallet(stage, x, 0, z, random, (random() - 0.5) * 0.15);
  for (const x of [-3.2, 3.2]) stripe(stage, [x, -5], [x, 12], 0.14, yellow);
  stripe(stage, [-8.2, -1.4], [-3.2, -1.4], 0.14, yellow);
  stripe(stage, [3.2, -1.4], [9.2, -1.4], 0.14, yellow);
  for (const x of [-5.2, 5.2]) {
    stage.put("cylinder", [x, 0.5, -5.6], [0.2, 1, 0.2], yellow);
    stage.put("cylinder", [x, 0.7, -5.6], [0.21, 0.2, 0.21], [0.02, 0.02, 0.02]);
  }
  for (const x of [-6, 0, 6]) stage.put("rounded", [x, 7.4, 0], [0.5, 0.12, 3], [2, 2, 1.9], material.light);
  return stage.things;
}

const base = build();
/** Out of the lorry with a load, to the right-hand store, back empty for the next one. */
const route = [
  [0, -11],
  [0, -6],
  [0.4, -2.5],
  [2.6, 0.3],
  [6.2, 1.6],
  [8.6, 2],
];

export const dock = {
  file: "dock",
  name: "Loading dock 2",
  clock: [14, 20, 45],
  look: {
    camera: { eye: [-6.5, 6.2, 11.5], target: [1.2, 0.3, -3], fov: 62 },
    sun: { direction: [0.18, 0.95, 0.25], colour: [1.0, 0.98, 0.92], reach: 16, centre: [0, 0, -2], softness: 3 },
    ambient: { above: [0.62, 0.64, 0.64], below: [0.34, 0.33, 0.31] },
    sky: { high: [0.3, 0.3, 0.3], low: [0.3, 0.3, 0.3] },
    glow: 0.12,
    exposure: 0.66,
    grain: 0.014,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const total = 16.8;
    const out = smoothstep(1, 8.5, t) - smoothstep(11, 18.8, t);
    const pose = follow(route, total * out);
    const carrying = t < 9.6;
    const lift = mix(0.12, 0.04, smoothstep(8.6, 9.6, t));
    forklift(stage, pose, lift, carrying);
    if (!carrying) pallet(stage, 8.6 + Math.sin(1.35) * 1.35, 0.02, 2 + Math.cos(1.35) * 1.35, seeded(5), 1.35);
    const blink = Math.floor(t * 2.5) % 2 === 0;
    stage.put(
      "sphere",
      [pose.x, 2.36, pose.z],
      [0.16, 0.16, 0.16],
      blink ? [3, 1.4, 0.1] : [0.3, 0.14, 0.02],
      blink ? material.light : 0,
    );
    const vest = { top: [0.66, 0.6, 0.05], legs: [0.04, 0.05, 0.08], hair: [0.6, 0.6, 0.58] };
    const paces = 5.5 * (smoothstep(2, 7, t) - smoothstep(12, 17, t));
    const moving = (t > 2 && t < 7) || (t > 12 && t < 17);
    const walker = follow(
      [
        [-7.6, -3.6],
        [-5.2, -0.4],
        [-4.6, 3.4],
      ],
      paces,
    );
    person(stage, { ...walker, heading: walker.heading + (t > 9.5 && t < 18 ? Math.PI : 0) }, vest, moving ? paces : 0);
    const lamps = [
      [-6, 0],
      [0, 0],
      [6, 0],
    ].map(([x, z]) => ({ at: [x, 7, z], colour: [0.55, 0.55, 0.52], reach: 14 }));
    lamps.push({ at: [0, 3.2, -9], colour: [0.7, 0.68, 0.6], reach: 7 });
    return { things: stage.things, lamps };
  },
};
