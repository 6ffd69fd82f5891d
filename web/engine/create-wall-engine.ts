import { systemClock } from "../../shared/lib/clock.ts";
import type { WallEngine } from "./engine.ts";
import { SoundOutput } from "./sound-output.ts";
import {
  type ConnectOptions,
  type FromWall,
  LIVE_PLAYBACK,
  NO_STATS,
  type PlaybackCommand,
  type PlaybackState,
  type TileSpec,
  type TileStats,
  type ToWall,
  type WallStats,
} from "./worker-protocol.ts";

export interface WallEngineOptions {
  /** For tests and support; `auto` takes WebGPU, then WebGL2. */
  readonly renderer?: "auto" | "webgpu" | "webgl2";
  /** `gpu`: shade on the GPU even where it is emulated on the processor. */
  readonly shading?: "auto" | "gpu";
  /** Told the server's UTC, µs, as the worker's live line knows it, about twice a second. */
  readonly onServerTime?: (micros: number) => void;
}

/** The archive is served beside the live line: wss://host/api/v1/live -> wss://host/api/v1/playback. */
function archiveUrl(liveUrl: string): string {
  return URL.canParse(liveUrl) ? new URL("playback", liveUrl).href : liveUrl;
}

/** A tile of a wall that cannot work: never dark without a reason. */
function darkTile({ tileId, cameraId }: TileSpec, detail: string): TileStats {
  return {
    tileId,
    cameraId,
    state: "error",
    reason: "no-renderer",
    detail,
    cameraState: undefined,
    recording: false,
    decodedFps: 0,
    drawnFps: 0,
    droppedFrames: 0,
    latencyMs: undefined,
    codec: undefined,
    width: 0,
    height: 0,
    bitrateKbps: 0,
    level: undefined,
    role: undefined,
    limitedBy: undefined,
    decoder: undefined,
  };
}

/** Starts the wall worker. Everything may be called before `attach`; the worker keeps the order. */
export function createWallEngine(options: WallEngineOptions = {}): WallEngine {
  return new WorkerWallEngine(options);
}

class WorkerWallEngine implements WallEngine {
  readonly #options: WallEngineOptions;
  readonly #worker: Worker;
  readonly #listeners = new Set<() => void>();
  readonly #expired = new Set<(code: string) => void>();
  readonly #configNeeded = new Set<() => void>();
  readonly #playbackListeners = new Set<() => void>();
  readonly #sound = new SoundOutput(systemClock());
  readonly #replies = new Map<number, (message: FromWall | undefined) => void>();
  /** Sent once the canvas is there: the worker's first message is `init`. */
  #early: ToWall[] | undefined = [];
  #stats = NO_STATS;
  #playback = LIVE_PLAYBACK;
  #tiles: readonly TileSpec[] = [];
  /** Whether the worker has ever spoken; one that has not when it fails never will. */
  #spoken = false;
  #failure: string | undefined;
  #nextRequest = 1;
  #closing: Promise<void> | undefined;
  #onClosed: (() => void) | undefined;

  constructor(options: WallEngineOptions) {
    this.#options = options;
    this.#worker = new Worker(new URL("../worker/entry.ts", import.meta.url), { type: "module", name: "wall" });
    this.#worker.onmessage = (event: MessageEvent<FromWall>) => this.#receive(event.data);
    this.#worker.onerror = (event) =>
      this.#failed(event.message || "the wall's worker cannot be loaded", !this.#spoken);
  }

  attach(canvas: HTMLCanvasElement): void {
    const offscreen = canvas.transferControlToOffscreen();
    const init: ToWall = {
      type: "init",
      canvas: offscreen,
      renderer: this.#options.renderer ?? "auto",
      shading: this.#options.shading ?? "auto",
    };
    this.#worker.postMessage(init, [offscreen]);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const message of early) this.#worker.postMessage(message);
  }

  connect(options: ConnectOptions): void {
    this.#send({ type: "connect", options });
    this.#send({ type: "archive", webSocketUrl: archiveUrl(options.webSocketUrl), token: options.token });
  }

  setToken(token: string): void {
    this.#send({ type: "token", token });
  }

  resize(width: number, height: number): void {
    this.#send({ type: "resize", width, height });
  }

  setTiles(tiles: readonly TileSpec[]): void {
    this.#tiles = tiles;
    this.#send({ type: "tiles", tiles });
    if (this.#failure !== undefined) this.#failed(this.#failure, true);
  }

  setVisible(visible: boolean): void {
    this.#send({ type: "visible", visible });
  }

  current(): WallStats {
    return this.#stats;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onSessionExpired(listener: (code: string) => void): () => void {
    this.#expired.add(listener);
    return () => this.#expired.delete(listener);
  }

  onConfigNeeded(listener: () => void): () => void {
    this.#configNeeded.add(listener);
    return () => this.#configNeeded.delete(listener);
  }

  async stats(): Promise<WallStats> {
    const reply = await this.#ask((requestId) => ({ type: "stats", requestId }));
    return reply?.type === "stats" ? reply.stats : this.#stats;
  }

  playback(): PlaybackState {
    return this.#playback;
  }

  command(command: PlaybackCommand): void {
    this.#send({ type: "playback", command });
  }

  onPlayback(listener: () => void): () => void {
    this.#playbackListeners.add(listener);
    return () => this.#playbackListeners.delete(listener);
  }

  async thumbnail(
    cameraId: string,
    micros: number,
    widthPx: number,
  ): Promise<{ bitmap: ImageBitmap; micros: number } | undefined> {
    const reply = await this.#ask((requestId) => ({ type: "thumbnail", requestId, cameraId, micros, widthPx }));
    if (reply?.type !== "thumbnail" || !reply.bitmap || reply.micros === undefined) return undefined;
    return { bitmap: reply.bitmap, micros: reply.micros };
  }

  async snapshot(tileId: string, mimeType: "image/png" | "image/jpeg"): Promise<Blob | undefined> {
    const reply = await this.#ask((requestId) => ({ type: "snapshot", requestId, tileId, mimeType }));
    return reply?.type === "snapshot" ? reply.blob : undefined;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#sound.close();
    if (this.#early === undefined && this.#failure === undefined) {
      const closed = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
      });
      this.#worker.postMessage({ type: "close" } satisfies ToWall);
      await closed;
    }
    this.#worker.terminate();
    for (const resolve of this.#replies.values()) resolve(undefined);
    this.#replies.clear();
    this.#listeners.clear();
    this.#expired.clear();
    this.#configNeeded.clear();
    this.#playbackListeners.clear();
  }

  #send(message: ToWall): void {
    if (this.#closing !== undefined) return;
    if (this.#early) this.#early.push(message);
    else this.#worker.postMessage(message);
  }

  #ask(question: (requestId: number) => ToWall): Promise<FromWall | undefined> {
    if (this.#closing !== undefined || this.#early || this.#failure !== undefined) return Promise.resolve(undefined);
    const requestId = this.#nextRequest++;
    return new Promise((resolve) => {
      this.#replies.set(requestId, resolve);
      this.#worker.postMessage(question(requestId));
    });
  }

  #receive(message: FromWall): void {
    this.#spoken = true;
    switch (message.type) {
      case "update":
        if (message.serverMicros !== undefined) this.#options.onServerTime?.(message.serverMicros);
        this.#publish(message.stats);
        return;
      case "stats":
      case "snapshot":
      case "thumbnail":
        this.#answered(message);
        return;
      case "playback":
        this.#playback = message.state;
        for (const listener of [...this.#playbackListeners]) listener();
        return;
      case "sound":
        this.#sound.take(message.piece);
        return;
      case "session-expired":
        for (const listener of [...this.#expired]) listener(message.code);
        return;
      case "config-needed":
        for (const listener of [...this.#configNeeded]) listener();
        return;
      case "ready":
        this.#publish({ ...this.#stats, renderer: message.renderer, rendererDetail: message.detail });
        return;
      case "fatal":
        this.#failed(`${message.code}: ${message.message}`, true);
        return;
      case "closed":
        this.#onClosed?.();
        return;
    }
  }

  #answered(message: Extract<FromWall, { type: "stats" | "snapshot" | "thumbnail" }>): void {
    const resolve = this.#replies.get(message.requestId);
    this.#replies.delete(message.requestId);
    if (resolve) resolve(message);
    // Nobody waits for it any more.
    else if (message.type === "thumbnail") message.bitmap?.close();
  }

  /** The wall cannot work here, when `forGood` not at all any more: status bar and tiles say why. */
  #failed(detail: string, forGood: boolean): void {
    if (forGood) this.#failure = detail;
    const tiles = forGood ? this.#tiles.map((tile) => darkTile(tile, detail)) : this.#stats.tiles;
    this.#publish({ ...this.#stats, renderer: "none", rendererDetail: detail, tiles });
    this.#onClosed?.();
    for (const resolve of this.#replies.values()) resolve(undefined);
    this.#replies.clear();
  }

  #publish(stats: WallStats): void {
    this.#stats = stats;
    for (const listener of [...this.#listeners]) listener();
  }
}
