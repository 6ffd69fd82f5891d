import { createWallEngine } from "../../engine/create-wall-engine.ts";
import type { WallEngine } from "../../engine/engine.ts";
import { installStatsHook } from "../../engine/stats-hook.ts";

/** The wall on a bare page, driven by tests and benchmarks through `globalThis.wall`. */

export interface WallHandle {
  readonly engine: WallEngine;
  readonly canvas: HTMLCanvasElement;
}

const query = new URLSearchParams(location.search);
const wanted = query.get("renderer");
const engine = createWallEngine({
  renderer: wanted === "webgpu" || wanted === "webgl2" ? wanted : "auto",
  shading: query.get("shading") === "gpu" ? "gpu" : "auto",
});
const canvas = document.createElement("canvas");
const width = Number(query.get("width") ?? 1280);
const height = Number(query.get("height") ?? 720);
canvas.style.width = `${width / devicePixelRatio}px`;
canvas.style.height = `${height / devicePixelRatio}px`;
document.body.append(canvas);
engine.attach(canvas);
engine.resize(width, height);
installStatsHook(engine);
Object.defineProperty(globalThis, "wall", { value: { engine, canvas } satisfies WallHandle });
