import { follow } from "../math.mjs";
import { car, createStage, lampPost, material, person, placed, stripe, tree } from "../props.mjs";

const kerb = 5.2;

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, 0], [180, 1, 2 * kerb], [0.13, 0.13, 0.135], material.asphalt);
  for (const side of [-1, 1]) {
    stage.put("box", [0, 0.07, side * (kerb + 4)], [180, 0.16, 8], [0.4, 0.39, 0.37], material.concrete);
    stage.put("box", [0, 0.085, side * (kerb + 0.12)], [180, 0.17, 0.26], [0.5, 0.5, 0.48]);
    for (let x = -60; x < 60; x += 4) {
      if (Math.abs(x) > 7) stripe(stage, [x, side * 0.0], [x + 2, side * 0.0], 0.13);
    }
  }
  for (let z = -4.5; z <= 4.6; z += 1) stripe(stage, [-1.7, z], [1.7, z], 0.5, [0.66, 0.66, 0.62]);
  stripe(stage, [-4.2, 0.2], [-4.2, kerb], 0.35);
  stripe(stage, [4.2, -kerb], [4.2, -0.2], 0.35);
  const fronts = [
    [-34, 11, 18, [0.3, 0.2, 0.15]],
    [-15, 13, 17, [0.42, 0.38, 0.32]],
    [3, 10, 16, [0.3, 0.3, 0.32]],
    [20, 14, 15, [0.36, 0.25, 0.18]],
    [38, 11, 18, [0.44, 0.42, 0.38]],
  ];
  for (const [x, height, width, colour] of fronts) {
    stage.put("box", [x, height / 2, -20], [width, height, 12], colour, material.facade);
    stage.put(
      "box",
      [x, 3.1, -13.7],
      [width - 1, 0.35, 1.4],
      colour.map((c) => c * 0.5),
    );
    stage.put("box", [x, 1.4, -13.96], [width - 3, 2.4, 0.1], [0.05, 0.07, 0.08], material.paint);
  }
  for (const x of [-22, -9.5, 10, 24]) tree(stage, x, -11, 5, [0.08, 0.15, 0.05]);
  lampPost(stage, -6, -6.4, { height: 7, heading: 0 });
  stage.put("rounded", [7.5, 0.7, -10.5], [1.8, 0.1, 0.5], [0.22, 0.14, 0.08], material.wood);
  stage.put("cylinder", [5.4, 0.6, -6.4], [0.5, 0.9, 0.5], [0.05, 0.1, 0.06]);
  return stage.things;
}

/** The lights of one pole: which of red, amber, green shines. */
function signal(stage, x, z, heading, state) {
  const part = placed(stage, { x, z, heading });
  part("cylinder", [0, 1.9, 0], [0.13, 3.8, 0.13], [0.1, 0.1, 0.1]);
  part("rounded", [0, 3.3, 0.1], [0.4, 1.15, 0.3], [0.025, 0.025, 0.03]);
  const colours = { red: [2.6, 0.12, 0.06], amber: [2.4, 1.2, 0.05], green: [0.1, 2.2, 0.7] };
  for (const [at, name] of ["red", "amber", "green"].entries()) {
    const on = state.includes(name);
    const colour = on ? colours[name] : colours[name].map((c) => c * 0.03);
    part("sphere", [0, 3.64 - at * 0.34, 0.24], [0.26, 0.26, 0.14], colour, on ? material.light : 0);
  }
}

const base = build();
/** Cars have green until 8 s and again from 18.5 s; people cross between 9.5 s and 17.5 s. */
const stateAt = (t) => (t < 8 || t > 18.5 ? "green" : t < 9.2 ? "amber" : t > 17.6 ? "red amber" : "red");

/** Metres past the stop line (negative: before it) of a car that must stop. */
function sinceLine(t) {
  if (t < 6) return -27.5 - 11 * (6 - t);
  if (t < 11) return -27.5 * (1 - (t - 6) / 5) ** 2;
  return t < 18.5 ? 0 : 1.1 * (t - 18.5) ** 2;
}

const lanes = {
  near: [
    [-70, 2.6],
    [0, 2.6],
    [70, 2.6],
  ],
  far: [
    [70, -2.6],
    [0, -2.6],
    [-70, -2.6],
  ],
};

export const crossing = {
  file: "crossing",
  name: "Main street crossing",
  clock: [12, 5, 31],
  look: {
    camera: { eye: [-12.5, 6.6, 13], target: [1.5, 0.2, -2.2], fov: 62 },
    sun: { direction: [0.5, 0.75, 0.35], colour: [2.2, 2.05, 1.85], reach: 27, centre: [0, 0, -4], softness: 1 },
    ambient: { above: [0.6, 0.68, 0.8], below: [0.26, 0.25, 0.24] },
    sky: { high: [0.55, 0.68, 0.88], low: [0.85, 0.88, 0.92] },
    fog: { colour: [0.82, 0.86, 0.9], density: 0.003 },
    wetness: 0.25,
    exposure: 0.6,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const state = stateAt(t);
    signal(stage, -4.4, kerb + 0.7, -Math.PI / 2, state);
    signal(stage, 4.4, -kerb - 0.7, Math.PI / 2, state);
    car(stage, follow(lanes.near, t * 11 + 30), [0.06, 0.1, 0.24], { lamps: 0.3 });
    car(stage, follow(lanes.far, t * 10.5 + 46), [0.5, 0.5, 0.48], { kind: "van", lamps: 0.3 });
    // Two more arrive with 11 m/s, brake for red and drive on with green; their way is longer than one round of the clip.
    for (const turn of [t - 20, t, t + 20]) {
      const way = 65.6 + sinceLine(turn);
      if (way > 0 && way < 140)
        car(stage, follow(lanes.near, way), [0.42, 0.43, 0.44], { lamps: 0.3, braking: turn > 5.8 && turn < 18.5 });
      const behind = 65.6 + sinceLine(turn - 0.7);
      if (behind > 0 && behind < 140)
        car(stage, follow(lanes.far, behind), [0.08, 0.08, 0.09], { lamps: 0.3, braking: turn > 6.5 && turn < 19.2 });
    }
    const walks = [
      [
        [
          [0.6, 13],
          [0.6, 6.2],
          [0.2, -6.4],
          [3, -9],
          [16, -9],
        ],
        9.6,
        6.8,
        1.55,
        { top: [0.38, 0.3, 0.1] },
      ],
      [
        [
          [-0.5, -12],
          [-0.5, -6.2],
          [-0.6, 6.4],
          [-3, 8.4],
          [-14, 9.4],
        ],
        9.9,
        5.8,
        1.4,
        { top: [0.07, 0.07, 0.08], bag: [0.2, 0.05, 0.05] },
      ],
      [
        [
          [1.1, -13],
          [1.1, -6.4],
          [0.7, 6.4],
          [4, 8],
          [16, 9],
        ],
        10.6,
        6.6,
        1.5,
        { top: [0.16, 0.28, 0.32], legs: [0.16, 0.14, 0.11] },
      ],
    ];
    for (const [path, start, first, speed, clothes] of walks) {
      const walked = first + Math.max(0, t - start) * speed;
      person(stage, { y: 0.08, ...follow(path, walked) }, clothes, t > start ? walked : 0);
    }
    person(
      stage,
      {
        y: 0.15,
        ...follow(
          [
            [-30, -8.4],
            [30, -8.2],
          ],
          t * 1.3 + 8,
        ),
      },
      { top: [0.3, 0.1, 0.2] },
      t * 1.3,
    );
    person(
      stage,
      {
        y: 0.15,
        ...follow(
          [
            [26, -9.6],
            [-30, -9.4],
          ],
          t * 1.45 + 2,
        ),
      },
      { top: [0.25, 0.26, 0.28] },
      t * 1.45,
    );
    return { things: stage.things };
  },
};
