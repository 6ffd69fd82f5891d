import { systemClock } from "../../../shared/lib/clock.ts";
import { type Millis, millis } from "../../../shared/lib/time.ts";
import type { WallEngine } from "../../engine/engine.ts";
import {
  NO_STATS,
  type TileReason,
  type TileSpec,
  type TileStats,
  type WallStats,
} from "../../engine/worker-protocol.ts";

import { FakeArchive } from "./fake-archive.ts";

/** Stands in for the wall worker: draws moving scenes on the page's canvas. Never part of a release build. */

const idle: WallStats = { ...NO_STATS, renderer: "webgpu", rendererDetail: "Fake adapter" };

/** The last digit of a camera id chooses its fate, so that every state can be looked at. */
const fates: Readonly<Record<string, { reason: TileReason; detail?: string }>> = {
  a: { reason: "camera-offline", detail: "connect ECONNREFUSED 10.0.4.17:554" },
  b: { reason: "codec-unsupported", detail: "hev1.1.6.L120.B0" },
  c: { reason: "camera-unauthorised", detail: "401 Unauthorized (Digest)" },
  d: { reason: "waiting-keyframe" },
  e: { reason: "denied" },
};

const draw = (context: CanvasRenderingContext2D, tile: TileSpec, seconds: number): void => {
  const { x, y, width, height } = tile;
  const seed = [...tile.cameraId].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  const view = tile.view ?? { x: 0, y: 0, width: 1, height: 1 };
  context.translate(x - (view.x / view.width) * width, y - (view.y / view.height) * height);
  context.scale(width / view.width, height / view.height);
  const sky = context.createLinearGradient(0, 0, 0, 1);
  const hue = seed % 360;
  sky.addColorStop(0, `hsl(${hue} 18% ${38 + (seed % 30)}%)`);
  sky.addColorStop(0.55, `hsl(${hue} 14% 26%)`);
  sky.addColorStop(1, "hsl(30 8% 16%)");
  context.fillStyle = sky;
  context.fillRect(0, 0, 1, 1);
  for (let block = 0; block < 5; block += 1) {
    const tall = 0.2 + ((seed * (block + 3)) % 30) / 100;
    context.fillStyle = `hsl(${hue} 10% ${14 + ((seed + block * 7) % 14)}%)`;
    context.fillRect(block * 0.21 - 0.02, 0.62 - tall, 0.17, tall);
  }
  context.fillStyle = "hsl(40 6% 24%)";
  context.fillRect(0, 0.62, 1, 0.38);
  const walker = ((seconds * 0.06 * (1 + (seed % 5) / 4) + seed / 100) % 1.2) - 0.1;
  context.fillStyle = `hsl(${(hue + 160) % 360} 45% 55%)`;
  context.fillRect(walker, 0.56, 0.03, 0.2);
  context.restore();
};

export function createWallEngine(): WallEngine {
  const clock = systemClock();
  const listeners = new Set<() => void>();
  let stats = idle;
  let tiles: readonly TileSpec[] = [];
  let canvas: HTMLCanvasElement | undefined;
  let frame = 0;
  const archive = new FakeArchive(clock);

  const publish = (next: WallStats): void => {
    stats = next;
    for (const listener of [...listeners]) listener();
  };
  const tileStats = (tile: TileSpec): TileStats => {
    const fate = fates[tile.cameraId.slice(-1)];
    const main = tile.width > 800;
    const captureMicros = archive.timeOf(tile.tileId);
    if (captureMicros !== undefined) {
      // The camera that is offline has recorded nothing.
      const nothing = fate?.reason === "camera-offline";
      return {
        ...liveTile(tile, undefined, main),
        state: nothing ? "waiting" : "live",
        reason: nothing ? "no-footage" : undefined,
        cameraState: undefined,
        recording: false,
        latencyMs: undefined,
        captureMicros: nothing ? undefined : captureMicros,
      };
    }
    return liveTile(tile, fate, main);
  };
  const liveTile = (tile: TileSpec, fate: (typeof fates)[string] | undefined, main: boolean): TileStats => {
    return {
      tileId: tile.tileId,
      cameraId: tile.cameraId,
      state: fate === undefined ? "live" : fate.reason === "waiting-keyframe" ? "waiting" : "error",
      reason: fate?.reason,
      detail: fate?.detail,
      cameraState:
        fate?.reason === "camera-offline"
          ? "offline"
          : fate?.reason === "camera-unauthorised"
            ? "unauthorised"
            : "online",
      recording: tile.cameraId.charCodeAt(0) % 2 === 0,
      decodedFps: fate === undefined ? 15 : 0,
      drawnFps: fate === undefined ? 15 : 0,
      droppedFrames: fate === undefined ? 2 : 0,
      latencyMs: fate === undefined ? 84 : undefined,
      codec: "avc1.640028",
      width: main ? 1920 : 640,
      height: main ? 1080 : 360,
      bitrateKbps: fate === undefined ? (main ? 4032 : 512) : 0,
      level: main ? "fullscreen" : "grid",
      role: main ? "main" : "sub",
      limitedBy: undefined,
      decoder: "software",
    };
  };
  const refresh = (): void => {
    const connected = stats.connection === "open";
    publish({
      ...stats,
      tiles: tiles.map(tileStats),
      drawFps: connected ? 30 : 0,
      receivedKbps: connected ? tiles.length * 512 : 0,
      latencyMs: connected ? 92 : undefined,
      serverCpu: connected ? 0.13 : undefined,
    });
  };
  const paint = (time: number): void => {
    frame = requestAnimationFrame(paint);
    const context = canvas?.getContext("2d");
    if (!context || canvas === undefined) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    for (const tile of tiles) {
      const captured = archive.timeOf(tile.tileId);
      const dark = fates[tile.cameraId.slice(-1)];
      if (captured === undefined && dark !== undefined) continue;
      if (captured !== undefined && dark?.reason === "camera-offline") continue;
      draw(context, tile, captured === undefined ? time / 1000 : (captured / 1_000_000) % 3600);
    }
  };
  const ticker = clock.every(millis(500), refresh);
  const settle: Millis = millis(50);

  return {
    attach(target) {
      canvas = target;
      frame = requestAnimationFrame(paint);
    },
    connect(options) {
      publish({ ...stats, connection: "connecting" });
      clock.after(settle, () => {
        publish({
          ...stats,
          connection: "open",
          transport: "websocket",
          transportDetail: options.webTransport
            ? "WebTransport: opening handshake failed"
            : "The server offers no WebTransport",
        });
        refresh();
      });
    },
    setToken: () => undefined,
    resize(width, height) {
      if (canvas === undefined) return;
      canvas.width = width;
      canvas.height = height;
    },
    setTiles(next) {
      tiles = next;
      refresh();
    },
    setVisible: () => undefined,
    current: () => stats,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSessionExpired: () => () => undefined,
    onConfigNeeded: () => () => undefined,
    stats: () => Promise.resolve(stats),
    playback: () => archive.state,
    command(command) {
      archive.command(command);
      refresh();
    },
    onPlayback: (listener) => archive.subscribe(listener),
    thumbnail: async (_cameraId, micros, widthPx) => {
      if (canvas === undefined || canvas.width === 0) return undefined;
      return { bitmap: await createImageBitmap(canvas, { resizeWidth: widthPx }), micros };
    },
    snapshot: (_tileId, mimeType) =>
      new Promise((resolve) => {
        if (canvas === undefined) resolve(undefined);
        else canvas.toBlob((blob) => resolve(blob ?? undefined), mimeType);
      }),
    close() {
      ticker.cancel();
      archive.close();
      cancelAnimationFrame(frame);
      return Promise.resolve();
    },
  };
}

export function installStatsHook(engine: WallEngine): void {
  Object.assign(globalThis, { fluxvision: { stats: () => engine.stats() } });
}
