#!/usr/bin/env node
// Makes the demo clips anew: headless Chromium draws what stands still in each scene, plain JavaScript puts the moving
// things into it, FFmpeg encodes. Only for developers: the clips are committed, and playing them needs none of this.
//   node scripts/make-clips.mjs                 all clips and the manifest
//   node scripts/make-clips.mjs lobby yard      only these scenes (`stamp`: the clip for latency)
//   node scripts/make-clips.mjs --stills DIR    one PNG per scene at four times, to look at
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, execute, hashFiles, inRoot, listFiles, runMain, sayErr } from "./lib/project.mjs";
import { createComposer } from "./make-clips/compose.mjs";
import { startEncoder } from "./make-clips/encode.mjs";
import { openRenderPage } from "./make-clips/render-page.mjs";
import { scenes } from "./make-clips/scenes/index.mjs";
import { makeStampClip, stampFacts } from "./make-clips/stamp-clip.mjs";

const folder = inRoot("server", "simulator", "clips");
const stillCache = join(cacheFolder, "clips");
const loopSeconds = 20;
const main = { width: 1280, height: 720, framesPerSecond: 15, gop: 60, crf: 28, maxKbps: 1200 };
const sub = { width: 640, height: 360, framesPerSecond: 15, gop: 30, crf: 28, maxKbps: 350 };
const fileOf = (scene, kind) => `${scene.file}-${kind}.h264`;

const readFloats = (file) => {
  const bytes = readFileSync(file);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

/** The still pictures take longest; they are kept until the drawing code or the scene changes. */
async function stillOf(scene, openPage) {
  const sources = listFiles(["scripts/make-clips/page", `scripts/make-clips/scenes/${scene.file}.mjs`]);
  const key = hashFiles(sources, `${main.width}x${main.height}`).slice(0, 16);
  const files = ["lit", "shaded"].map((part) => join(stillCache, `${scene.file}-${key}.${part}`));
  if (!files.every(existsSync)) {
    const page = await openPage();
    const still = await page.renderStill({ file: scene.file, width: main.width, height: main.height });
    mkdirSync(stillCache, { recursive: true });
    writeFileSync(files[0], Buffer.from(still.lit.buffer));
    writeFileSync(files[1], Buffer.from(still.shaded.buffer));
  }
  return { lit: readFloats(files[0]), shaded: readFloats(files[1]) };
}

async function makeScene(scene, still) {
  const { width, height, framesPerSecond } = main;
  const compose = createComposer(scene, still, width, height);
  const [hours, minutes, seconds] = scene.clock;
  const caption = {
    name: `CAM ${String(scenes.indexOf(scene) + 1).padStart(2, "0")}  ${scene.name.toUpperCase()}`,
    startSeconds: hours * 3600 + minutes * 60 + seconds,
  };
  const outputs = [
    { ...main, file: join(folder, fileOf(scene, "main")) },
    { ...sub, file: join(folder, fileOf(scene, "sub")) },
  ];
  const encoder = startEncoder({ width, height, framesPerSecond, outputs, pixelFormat: "rgb24", caption });
  for (let frame = 0; frame < loopSeconds * framesPerSecond; frame += 1) {
    await encoder.write(Buffer.from(compose(frame / framesPerSecond).buffer));
  }
  await encoder.finish();
}

async function makeStills(scene, still, target) {
  const compose = createComposer(scene, still, main.width, main.height);
  const raw = join(target, `${scene.file}.rgb`);
  writeFileSync(raw, Buffer.concat([2, 7, 12, 16.5].map((t) => Buffer.from(compose(t).buffer))));
  const size = `${main.width}x${main.height}`;
  const input = ["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-i", raw];
  const { output } = await execute("ffmpeg", [
    ...input,
    "-vf",
    "tile=2x2",
    "-frames:v",
    "1",
    join(target, `${scene.file}.png`),
  ]);
  if (output) sayErr(output);
}

function writeManifest(stampClip) {
  const facts = ({ width, height, framesPerSecond }) => ({ width, height, framesPerSecond });
  const clips = { ...stampClip };
  for (const scene of scenes) {
    clips[fileOf(scene, "main")] = facts(main);
    clips[fileOf(scene, "sub")] = facts(sub);
  }
  const list = scenes.map((scene) => ({ name: scene.name, main: fileOf(scene, "main"), sub: fileOf(scene, "sub") }));
  writeFileSync(join(folder, "manifest.json"), `${JSON.stringify({ clips, scenes: list }, null, 2)}\n`);
}

await runMain(async () => {
  const args = process.argv.slice(2);
  const at = args.indexOf("--stills");
  const target = at < 0 ? undefined : args.splice(at, 2)[1];
  let page;
  const openPage = async () => {
    page ??= await openRenderPage();
    return page;
  };
  try {
    for (const scene of scenes.filter(({ file }) => args.length === 0 || args.includes(file))) {
      sayErr(`Drawing ${scene.name}...`);
      const still = await stillOf(scene, openPage);
      await (target === undefined ? makeScene(scene, still) : makeStills(scene, still, target));
    }
    if (args.length === 0 || args.includes("stamp")) await makeStampClip(folder);
    if (target === undefined) writeManifest(await stampFacts());
  } finally {
    await page?.close();
  }
});
