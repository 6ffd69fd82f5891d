// The clip for latency measurements: every picture carries its own index as a strip of blocks (server/simulator/stamp.ts),
// above a moving gradient and a sweeping hand, so that an encoder and a viewer have something to do.
import { build } from "esbuild";
import { inRoot } from "../lib/project.mjs";
import { startEncoder } from "./encode.mjs";

/** The geometry and bit layout come from the simulator's own module, which is TypeScript. */
async function loadStampModule() {
  const { outputFiles } = await build({
    entryPoints: [inRoot("server/simulator/stamp.ts")],
    bundle: true,
    format: "esm",
    write: false,
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString("base64")}`);
}

function drawBackground(frame, { width, height }, turn) {
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      const wave = Math.sin(x / 70 + turn * 6.283) * Math.cos(y / 50 - turn * 6.283);
      frame[at] = 70 + 40 * wave;
      frame[at + 1] = 90 + 50 * wave;
      frame[at + 2] = 110 + 30 * wave;
      frame[at + 3] = 255;
    }
  }
}

function fillRectangle(frame, width, [left, top, columns, rows], level) {
  for (let y = top; y < top + rows; y += 1) frame.fill(level, (y * width + left) * 4, (y * width + left + columns) * 4);
}

function drawHand(frame, { width, height }, turn) {
  const [cx, cy] = [width / 2, height / 2 + 20];
  for (let radius = 10; radius < 120; radius += 2) {
    const x = Math.round(cx + Math.cos(turn * 6.283) * radius);
    const y = Math.round(cy + Math.sin(turn * 6.283) * radius);
    fillRectangle(frame, width, [x - 4, y - 4, 8, 8], 230);
  }
}

export async function makeStampClip(folder) {
  const { stampGeometry, stampBlocks } = await loadStampModule();
  const { clip, width, height, framesPerSecond, frameCount, blockWidth, blockHeight } = stampGeometry;
  const file = `${folder}/${clip}`;
  const output = { file, width, height, framesPerSecond, gop: 30, crf: 27, maxKbps: 900 };
  const encoder = startEncoder({ width, height, framesPerSecond, outputs: [output] });
  for (let index = 0; index < frameCount; index += 1) {
    const frame = new Uint8Array(width * height * 4);
    drawBackground(frame, stampGeometry, (index % 300) / 300);
    drawHand(frame, stampGeometry, (index % 60) / 60);
    for (const [at, white] of stampBlocks(index).entries()) {
      fillRectangle(frame, width, [at * blockWidth, 0, blockWidth, blockHeight], white ? 255 : 0);
    }
    await encoder.write(frame);
  }
  await encoder.finish();
}

/** The clip's entry in the manifest. */
export async function stampFacts() {
  const { clip, width, height, framesPerSecond } = (await loadStampModule()).stampGeometry;
  return { [clip]: { width, height, framesPerSecond } };
}
