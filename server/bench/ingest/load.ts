import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Child } from "./child.ts";

/** The cameras: a process that serves RTSP. */
export interface Load {
  readonly name: string;
  readonly urls: { readonly main: string; readonly sub: string }[];
  readonly fps: { readonly main: number; readonly sub: number };
  readonly pid: number;
  stop(): Promise<void>;
}

const PYTHON = "/usr/bin/python3";

/**
 * GStreamer's RTSP server with real clips beside the checkout, where both exist: an implementation that nobody here
 * wrote. Else our own simulator, and the result says so.
 */
export async function startLoad(cameras: number, port: number): Promise<Load> {
  const shared = resolve("..", "shared");
  const script = resolve(shared, "tools", "rtsp-cameras.py");
  const main = resolve(shared, "media", "car-main-1080p.mp4");
  const sub = resolve(shared, "media", "car-sub-360p.mp4");
  if ([PYTHON, script, main, sub].every((path) => existsSync(path))) {
    const args = [script, "--port", String(port), "--count", String(cameras), "--main", main, "--sub", sub];
    const child = new Child(PYTHON, args);
    try {
      await child.line(new RegExp(`/cam${String(cameras).padStart(2, "0")}/sub$`), 20_000);
      return loadOf("GStreamer RTSP server, real clips", child, cameras, port, { main: 12.5, sub: 15 });
    } catch {
      await child.stop();
    }
  }
  const cli = process.argv[1] ?? "";
  const child = new Child(process.execPath, [cli, "simulate", "--port", String(port), "--cameras", String(cameras)]);
  await child.line(new RegExp(`/cam${String(cameras).padStart(2, "0")}/sub`), 30_000);
  return loadOf("our own simulator", child, cameras, port, { main: 25, sub: 15 });
}

function loadOf(name: string, child: Child, cameras: number, port: number, fps: Load["fps"]): Load {
  const urls = Array.from({ length: cameras }, (_, index) => {
    const base = `rtsp://127.0.0.1:${port}/cam${String(index + 1).padStart(2, "0")}`;
    return { main: `${base}/main`, sub: `${base}/sub` };
  });
  return { name, urls, fps, pid: child.pid, stop: () => child.stop() };
}
