// Runs in the browser: draws the still part of a scene and posts it to the script that started it.
import { scenes } from "../scenes/index.mjs";
import { renderStill } from "./renderer.mjs";

/** Posts two pictures of floats, lit and shaded; resolves when both have been accepted. */
globalThis.renderScene = async ({ file, width, height }) => {
  const scene = scenes.find((candidate) => candidate.file === file);
  const { lit, shaded } = renderStill(width, height, {
    ...scene,
    lamps: scene.stillLamps ?? scene.make(0).lamps ?? [],
  });
  for (const pixels of [lit, shaded]) await fetch("/picture", { method: "POST", body: pixels });
};
