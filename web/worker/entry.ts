import { loadFluxCrypto } from "../../shared/crypto/load-web.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import type { FromWall, ToWall } from "../engine/worker-protocol.ts";
import { openArchiveSocket } from "./archive/archive-socket.ts";
import { shrinkFrame } from "./archive/shrink-frame.ts";
import { webCodecsBackend } from "./decode/backend.ts";
import { liveLinks } from "./live-link.ts";
import { createRendererFor } from "./screen/create-renderer.ts";
import { Wall } from "./wall.ts";

/** Composition root of the wall worker: builds on `init`, hands messages on in order, stops on `close`. */

interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWall>) => void) | null;
  postMessage(message: FromWall, transfer?: Transferable[]): void;
  requestAnimationFrame(run: () => void): number;
  close(): void;
}

const scope = globalThis as unknown as WorkerScope;
const clock = systemClock();
const post = (message: FromWall): void => scope.postMessage(message);

async function build(init: Extract<ToWall, { type: "init" }>): Promise<Wall> {
  const wall = new Wall({
    clock,
    crypto: await loadFluxCrypto(),
    backend: webCodecsBackend(),
    createLink: liveLinks(clock),
    openArchive: openArchiveSocket,
    shrink: shrinkFrame,
    copy: (bitmap) => createImageBitmap(bitmap),
    createRenderer: createRendererFor(init.canvas, { renderer: init.renderer, shading: init.shading ?? "auto" }),
    requestFrame: (run) => void scope.requestAnimationFrame(run),
    post,
    // An unhandled error in the worker's console: seen in development and by the end-to-end tests.
    ...(import.meta.env.DEV ? { onLeak: () => reportError(new Error("a VideoFrame was not closed")) } : {}),
  });
  await wall.start();
  return wall;
}

async function handle(wall: Wall, message: ToWall): Promise<void> {
  switch (message.type) {
    case "init":
      return;
    case "connect":
      return wall.connect(message.options);
    case "token":
      return wall.setToken(message.token);
    case "resize":
      return wall.resize(message.width, message.height);
    case "tiles":
      return wall.setTiles(message.tiles);
    case "visible":
      return wall.setVisible(message.visible);
    case "stats":
      return post({ type: "stats", requestId: message.requestId, stats: wall.stats() });
    case "snapshot": {
      const blob = await wall.snapshot(message.tileId, message.mimeType).catch(() => undefined);
      return post({ type: "snapshot", requestId: message.requestId, blob });
    }
    case "archive":
      return wall.connectArchive(message.webSocketUrl, message.token);
    case "playback":
      return wall.playback(message.command);
    case "thumbnail": {
      const { requestId, cameraId, micros, widthPx } = message;
      const thumbnail = await wall.thumbnail(cameraId, micros, widthPx).catch(() => undefined);
      const { bitmap } = thumbnail ?? {};
      const reply: FromWall = { type: "thumbnail", requestId, bitmap, micros: thumbnail?.micros };
      return scope.postMessage(reply, bitmap ? [bitmap] : []);
    }
    case "close":
      await wall.close().catch(() => undefined);
      post({ type: "closed" });
      return scope.close();
  }
}

let building: Promise<Wall | undefined> | undefined;
let built: Wall | undefined;

async function buildOrTell(init: Extract<ToWall, { type: "init" }>): Promise<Wall | undefined> {
  try {
    built = await build(init);
    return built;
  } catch (error) {
    post({ type: "fatal", code: errorCode(error) ?? "wall.failed", message: describeError(error) });
    return undefined;
  }
}

scope.onmessage = ({ data }) => {
  if (data.type === "init") {
    building ??= buildOrTell(data);
    return;
  }
  // At once when built: a resize must be drawn in the task that it came in.
  if (built) void handle(built, data);
  else void building?.then((wall) => (wall ? handle(wall, data) : data.type === "close" && post({ type: "closed" })));
};
