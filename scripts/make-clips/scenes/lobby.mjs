import { follow, smoothstep } from "../math.mjs";
import { createStage, material, person, placed } from "../props.mjs";

const door = { x: 0.5, z: -7 };
const dark = [0.06, 0.06, 0.065];

function plant(stage, x, z) {
  stage.put("cylinder", [x, 0.3, z], [0.6, 0.6, 0.6], [0.3, 0.29, 0.28]);
  for (let at = 0; at < 9; at += 1) {
    const angle = at * 2.4;
    stage.put(
      "sphere",
      [x + Math.cos(angle) * 0.3, 0.95 + (at % 3) * 0.28, z + Math.sin(angle) * 0.3],
      [0.28, 0.75, 0.28],
      [0.05, 0.13 + (at % 2) * 0.04, 0.04],
      material.grass,
      angle,
      0.5,
    );
  }
}

function sofa(stage, x, z, heading) {
  const part = placed(stage, { x, z, heading });
  const colour = [0.11, 0.13, 0.17];
  part("rounded", [0, 0.3, 0], [2.1, 0.4, 0.85], colour);
  part("rounded", [0, 0.62, -0.36], [2.1, 0.6, 0.22], colour);
  for (const side of [-1, 1]) part("rounded", [side * 1, 0.45, 0], [0.2, 0.5, 0.85], colour);
}

function build() {
  const stage = createStage();
  stage.put("plane", [0, 0, 0], [30, 1, 26], [0.44, 0.42, 0.39], material.stone);
  stage.put("box", [0, 4.6, -7.2], [30, 1.2, 0.3], [0.34, 0.33, 0.32]);
  stage.put("box", [-9, 2.6, 0], [0.3, 5.2, 18], [0.42, 0.4, 0.36], material.concrete);
  stage.put("box", [9.5, 2.6, 0], [0.3, 5.2, 18], [0.28, 0.19, 0.12], material.wood);
  // Street behind the glass.
  stage.put("plane", [0, -0.02, -22], [90, 1, 29], [0.3, 0.3, 0.3], material.concrete);
  stage.put("box", [-10, 7, -38], [34, 14, 8], [0.5, 0.45, 0.38], material.facade);
  stage.put("box", [22, 6, -38], [26, 12, 8], [0.42, 0.42, 0.44], material.facade);
  for (let x = -9; x <= 9.6; x += 2.3) {
    if (Math.abs(x - door.x) > 1.6) stage.put("box", [x, 2, -7.2], [0.1, 4, 0.14], dark);
  }
  stage.put("box", [-5.2, 0.1, -7.2], [8.2, 0.2, 0.16], dark);
  stage.put("box", [6, 0.1, -7.2], [7.4, 0.2, 0.16], dark);
  stage.put("box", [0, 2.7, -7.2], [19, 0.1, 0.14], dark);
  stage.put("cylinder", [door.x, 2.75, door.z], [3.5, 0.3, 3.5], dark);
  stage.put("cylinder", [door.x, 0.01, door.z], [3.4, 0.03, 3.4], [0.1, 0.1, 0.1]);
  for (const angle of [0.55, -0.55, Math.PI - 0.55, Math.PI + 0.55]) {
    stage.put("box", [door.x + Math.cos(angle) * 1.65, 1.35, door.z + Math.sin(angle) * 1.65], [0.1, 2.7, 0.1], dark);
  }
  stage.put("rounded", [6.2, 0.55, -0.6], [1.1, 1.1, 4.6], [0.33, 0.22, 0.13], material.wood);
  stage.put("box", [6.1, 1.13, -0.6], [1.4, 0.06, 4.8], [0.5, 0.49, 0.47], material.stone);
  stage.put("box", [6.3, 1.4, -1.4], [0.05, 0.4, 0.6], [0.02, 0.02, 0.02], material.paint, 0.4);
  stage.put("plane", [-5.4, 0.012, -0.4], [4.2, 1, 4.6], [0.19, 0.12, 0.1]);
  sofa(stage, -7.4, -0.4, Math.PI / 2);
  sofa(stage, -5.4, -2.8, 0);
  stage.put("rounded", [-5.2, 0.25, -0.5], [1.1, 0.4, 0.8], [0.3, 0.2, 0.12], material.wood);
  plant(stage, -8, -5.8);
  plant(stage, 8.4, -5.6);
  plant(stage, -8.2, 3.4);
  for (const x of [-4.5, 4.5])
    stage.put("cylinder", [x, 2.6, -3.6], [0.55, 5.2, 0.55], [0.46, 0.45, 0.43], material.stone);
  return stage.things;
}

const base = build();

export const lobby = {
  file: "lobby",
  name: "Lobby",
  clock: [8, 57, 4],
  look: {
    camera: { eye: [-1.2, 4.3, 8.2], target: [0.4, 0.7, -2.4], fov: 70 },
    sun: { direction: [0.35, 0.62, -0.75], colour: [1.25, 1.15, 1.0], reach: 13, centre: [0, 0, -2], softness: 1.6 },
    ambient: { above: [0.72, 0.72, 0.74], below: [0.42, 0.4, 0.37] },
    sky: { high: [0.8, 0.88, 0.98], low: [0.95, 0.97, 1.0] },
    glow: 0.12,
    exposure: 0.56,
    grain: 0.01,
  },
  still: base,
  make(t) {
    const stage = createStage();
    const turn = t * ((Math.PI * 2) / 5);
    for (let wing = 0; wing < 3; wing += 1) {
      const angle = turn + (wing * Math.PI * 2) / 3;
      const [cx, cz] = [door.x + Math.cos(angle) * 0.78, door.z + Math.sin(angle) * 0.78];
      for (const y of [0.08, 2.5]) stage.put("box", [cx, y, cz], [1.56, 0.12, 0.07], dark, 0, -angle);
      stage.put("box", [cx, 1.1, cz], [1.5, 0.05, 0.09], [0.4, 0.4, 0.4], material.paint, -angle);
      stage.put(
        "box",
        [door.x + Math.cos(angle) * 1.54, 1.3, door.z + Math.sin(angle) * 1.54],
        [0.06, 2.5, 0.06],
        dark,
        0,
        -angle,
      );
    }
    stage.put("cylinder", [door.x, 1.3, door.z], [0.12, 2.6, 0.12], dark);
    const entering = [
      [4, -16],
      [0.4, -8.6],
      [0.9, -5.6],
      [3.4, -2.6],
      [4.9, -0.9],
    ];
    const walked = 15.8 * smoothstep(0, 10.5, t);
    person(
      stage,
      follow(entering, walked),
      { top: [0.08, 0.09, 0.12], legs: [0.05, 0.05, 0.06], bag: [0.12, 0.07, 0.04] },
      t < 10.2 ? walked : 0,
    );
    const onwards = Math.max(0, t - 13.5) * 1.5;
    const gone = [
      [4.9, -0.9],
      [3.2, 2],
      [1.5, 9],
      [1, 14],
    ];
    if (t > 13.5) person(stage, follow(gone, onwards), { top: [0.4, 0.37, 0.33], legs: [0.05, 0.05, 0.06] }, onwards);
    else person(stage, { x: 4.75, z: 0.7, heading: 1.4 }, { top: [0.4, 0.37, 0.33], legs: [0.05, 0.05, 0.06] });
    person(
      stage,
      { x: 7.6, z: -0.8, heading: -Math.PI / 2 + 0.3 * Math.sin((t / 20) * Math.PI * 4) },
      { top: [0.06, 0.07, 0.14] },
    );
    const leaving = t * 1.35;
    person(
      stage,
      follow(
        [
          [-10.5, 1.6],
          [-2.5, 1.9],
          [-0.6, -3.8],
          [0.5, -8.2],
          [-4, -20],
        ],
        leaving - 1,
      ),
      { top: [0.36, 0.1, 0.09], hair: [0.2, 0.12, 0.05] },
      leaving,
    );
    const passing = t * 1.4;
    person(
      stage,
      follow(
        [
          [-16, -11.5],
          [16, -11.8],
        ],
        passing + 3,
      ),
      { top: [0.2, 0.3, 0.34] },
      passing,
    );
    return { things: stage.things };
  },
};
