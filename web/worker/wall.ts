import type { FluxCrypto } from "../../shared/crypto/crypto.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { millis } from "../../shared/lib/time.ts";
import type { ServerMessage } from "../../shared/wire/control-messages.ts";
import { FLAG, type SealedFrame } from "../../shared/wire/sealed-frame.ts";
import type {
  ConnectionState,
  ConnectOptions,
  FromWall,
  PlaybackCommand,
  TileSpec,
  TileStats,
  WallStats,
} from "../engine/worker-protocol.ts";
import { Archive } from "./archive/archive.ts";
import type { OpenArchiveLine } from "./archive/archive-socket.ts";
import type { Thumbnail } from "./archive/thumbnails.ts";
import { CameraFeed } from "./camera-feed.ts";
import type { DecodeBackend } from "./decode/backend.ts";
import { DecoderPool } from "./decode/decoder-pool.ts";
import type { CreateLink, Link } from "./link.ts";
import { KeyStore } from "./open/key-store.ts";
import { encodePicture } from "./screen/encode-picture.ts";
import { type PictureSource, Screen, type ScreenDeps } from "./screen/screen.ts";
import { LiveSound } from "./sound/live-sound.ts";
import { StandIns } from "./stand-ins.ts";
import { LateCameras } from "./state/late-cameras.ts";
import { percentile95 } from "./state/latency.ts";
import { RateMeter } from "./state/rate-meter.ts";
import { planWishes } from "./subscribe/plan.ts";
import { Subscriptions } from "./subscribe/subscriptions.ts";

export interface WallDeps {
  readonly clock: Clock;
  readonly crypto: FluxCrypto;
  readonly backend: DecodeBackend;
  readonly createLink: CreateLink;
  readonly openArchive: OpenArchiveLine;
  /** The picture as a bitmap of that width. */
  shrink(frame: VideoFrame, widthPx: number): Promise<ImageBitmap>;
  copy(bitmap: ImageBitmap): Promise<ImageBitmap>;
  readonly createRenderer: ScreenDeps["createRenderer"];
  readonly requestFrame: ScreenDeps["requestFrame"];
  post(message: FromWall): void;
  /** Development builds: a VideoFrame was lost without having been closed. */
  readonly onLeak?: () => void;
}

const TICK_MS = 500;
const REPORT_MS = 2000;
/** Changes that come together are told together. */
const STATE_DEBOUNCE_MS = 30;

/** The pipeline of the whole wall: line, keys, decoders, screen, and what the page is told of them. */
export class Wall {
  readonly #deps: WallDeps;
  readonly #scope = new Scope();
  readonly #keys: KeyStore;
  readonly #pool: DecoderPool;
  readonly #link: Link;
  readonly #screen: Screen;
  readonly #subscriptions: Subscriptions;
  readonly #archive: Archive;
  readonly #feeds = new Map<string, CameraFeed>();
  readonly #standIns = new StandIns((pictureId) => this.#screen.remove(pictureId));
  readonly #resting = new Set<string>();
  readonly #feedOfStream = new Map<number, CameraFeed>();
  readonly #late = new LateCameras();
  readonly #sound: LiveSound;
  readonly #received: RateMeter;
  #tiles: readonly TileSpec[] = [];
  #visible = true;
  #drawable = true;
  #connection: ConnectionState = "idle";
  #serverCpu: number | undefined;
  #updateScheduled = false;
  #closed = false;

  constructor(deps: WallDeps) {
    this.#deps = deps;
    const { clock } = deps;
    this.#keys = new KeyStore(deps.crypto);
    this.#pool = new DecoderPool(clock, deps.backend, deps.onLeak);
    this.#received = new RateMeter(clock);
    this.#screen = new Screen({
      clock,
      createRenderer: deps.createRenderer,
      requestFrame: deps.requestFrame,
      sources: () => [...this.#feeds.values(), ...this.#archive.sources()],
      picturesOf: (tile) => this.#picturesOf(tile),
      serverNowMicros: () => this.#link.serverNowMicros(),
      onRenderer: (kind, detail) => {
        deps.post({ type: "ready", renderer: kind, detail });
        this.#setDrawable(kind !== "none");
      },
      onFirstPicture: (source) => this.#onFirstPicture(source),
    });
    this.#link = deps.createLink({
      onState: (state) => this.#onState(state),
      onSessionKey: (key) => this.#keys.setSessionKey(key),
      onControl: (message) => this.#onControl(message),
      onFrame: (frame) => this.#onFrame(frame),
      onGopReset: (streamId) => this.#feedOfStream.get(streamId)?.gap(streamId),
      onSessionExpired: (code) => deps.post({ type: "session-expired", code }),
      onConfigNeeded: () => deps.post({ type: "config-needed" }),
    });
    this.#archive = new Archive(
      {
        clock,
        crypto: deps.crypto,
        pool: this.#pool,
        open: deps.openArchive,
        serverNowMicros: () => this.#link.serverNowMicros(),
        requestFrame: deps.requestFrame,
        shrink: deps.shrink,
        copy: deps.copy,
      },
      {
        onState: (state) => deps.post({ type: "playback", state }),
        onSound: (piece) => deps.post({ type: "sound", piece }),
        onLiveTilesChanged: () => this.#onLiveTilesChanged(),
        onPictureWaiting: () => this.#screen.changed(),
        onTileChange: () => this.#scheduleUpdate(),
        onPictureGone: (pictureId, cameraId) => this.#onPictureGone(pictureId, cameraId),
        onSessionExpired: (code) => deps.post({ type: "session-expired", code }),
      },
    );
    this.#sound = new LiveSound(clock, this.#keys, (piece) => deps.post({ type: "sound", piece }));
    this.#subscriptions = new Subscriptions(clock, {
      subscribe: (cameras) => this.#link.subscribe(cameras),
      unsubscribe: (cameraIds) => {
        this.#link.unsubscribe(cameraIds);
        for (const cameraId of cameraIds) this.#release(cameraId);
      },
    });
    this.#every(TICK_MS, () => this.#tick());
    this.#every(REPORT_MS, () => this.#report());
  }

  /** Opens the renderer. While that fails it is tried again, and the tiles say why they are dark. */
  start(): Promise<void> {
    return this.#screen.start();
  }

  connect(options: ConnectOptions): void {
    this.#link.connect(options);
  }

  /** Where the archive is; the line opens when it is used. */
  connectArchive(webSocketUrl: string, token: string): void {
    this.#archive.connect(webSocketUrl, token);
  }

  setToken(token: string): void {
    this.#link.setToken(token);
    this.#archive.setToken(token);
  }

  playback(command: PlaybackCommand): void {
    this.#archive.command(command);
    if (command.kind === "hear") this.#want();
  }

  thumbnail(cameraId: string, micros: number, widthPx: number): Promise<Thumbnail | undefined> {
    return this.#archive.thumbnail(cameraId, micros, widthPx);
  }

  resize(width: number, height: number): void {
    this.#screen.resize(width, height);
  }

  setTiles(tiles: readonly TileSpec[]): void {
    this.#tiles = tiles;
    for (const { cameraId } of tiles) {
      if (!this.#feeds.has(cameraId)) this.#feeds.set(cameraId, this.#createFeed(cameraId));
    }
    this.#archive.setTiles(tiles);
    this.#want();
    this.#screen.setTiles(tiles);
    this.#scheduleUpdate();
  }

  setVisible(visible: boolean): void {
    if (visible === this.#visible) return;
    this.#visible = visible;
    this.#archive.setVisible(this.#visible && this.#drawable);
    this.#want();
    this.#scheduleUpdate();
  }

  stats(): WallStats {
    const tiles = this.#tiles.map((tile) => this.#tileStats(tile));
    const latencies = [...this.#feeds.values()].flatMap((feed) => feed.latencyMs ?? []);
    const latencyMs = percentile95(latencies);
    return {
      renderer: this.#screen.kind,
      rendererDetail: this.#screen.detail,
      transport: this.#link.transport,
      transportDetail: this.#link.transportDetail,
      connection: this.#connection,
      tiles,
      drawFps: Math.round(this.#screen.drawsPerSecond * 10) / 10,
      receivedKbps: Math.round(this.#received.perSecond() / 1000),
      latencyMs: latencyMs === undefined ? undefined : Math.round(latencyMs),
      serverCpu: this.#serverCpu,
      openVideoFrames: this.#pool.ledger.openFrames,
    };
  }

  async snapshot(tileId: string, mimeType: "image/png" | "image/jpeg"): Promise<Blob | undefined> {
    const tile = this.#tiles.find((candidate) => candidate.tileId === tileId);
    const pixels = tile && (await this.#screen.read(tile));
    return pixels && encodePicture(pixels, mimeType);
  }

  /** Line first, so that nothing comes in any more; then decoders and keys; the screen last. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#scope.close();
    for (const part of [this.#subscriptions, this.#link, this.#archive, this.#sound]) part.close();
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
    this.#feedOfStream.clear();
    this.#keys.close();
    await this.#screen.close();
  }

  #setDrawable(drawable: boolean): void {
    if (this.#closed) return;
    if (drawable !== this.#drawable) {
      this.#drawable = drawable;
      this.#archive.setVisible(this.#visible && drawable);
      this.#want();
    }
    this.#scheduleUpdate();
  }

  /** What nobody can see is neither sent nor decoded. */
  #want(): void {
    const visible = this.#visible && this.#drawable;
    const isShown = (tile: TileSpec): boolean => visible && this.#archive.isLive(tile);
    const heard = this.#tiles.find((tile) => tile.tileId === this.#archive.heardTile && isShown(tile))?.cameraId;
    this.#sound.hear(heard);
    this.#subscriptions.want(planWishes(this.#tiles, isShown, heard));
  }

  #picturesOf(tile: TileSpec): readonly string[] {
    const { cameraId } = tile;
    if (this.#archive.isLive(tile)) return [cameraId, ...this.#standIns.of(cameraId)];
    const pictureId = this.#archive.pictureOf(tile);
    return pictureId === null ? [] : [pictureId ?? cameraId];
  }

  /** Live pictures of tiles in the archive are neither sent nor decoded; the last ones stay for the way back. */
  #onLiveTilesChanged(): void {
    const live = new Set(this.#tiles.filter((tile) => this.#archive.isLive(tile)).map(({ cameraId }) => cameraId));
    for (const { cameraId } of this.#tiles) {
      if (live.has(cameraId)) this.#resting.delete(cameraId);
      else if (!this.#resting.has(cameraId)) {
        this.#resting.add(cameraId);
        this.#feeds.get(cameraId)?.rest();
      }
    }
    this.#want();
  }

  #onPictureGone(pictureId: string, cameraId: string): void {
    const feed = this.#feeds.get(cameraId);
    if (!feed?.showable || this.#screen.has(cameraId)) this.#screen.remove(pictureId);
    else this.#standIns.set(cameraId, pictureId);
  }

  #onFirstPicture({ pictureId, cameraId }: PictureSource): void {
    if (pictureId === cameraId) this.#standIns.drop(cameraId);
    this.#scheduleUpdate();
  }

  #every(periodMs: number, run: () => void): void {
    const timer = this.#deps.clock.every(millis(periodMs), run);
    this.#scope.add(() => timer.cancel());
  }

  #createFeed(cameraId: string): CameraFeed {
    return new CameraFeed(cameraId, {
      clock: this.#deps.clock,
      keys: this.#keys,
      createDecoder: (onPicture) => this.#pool.create(onPicture),
      onKeyNeeded: (name) => this.#link.needKey(name),
      onPictureWaiting: () => this.#screen.changed(),
    });
  }

  #release(cameraId: string): void {
    const feed = this.#feeds.get(cameraId);
    if (!feed) return;
    this.#feeds.delete(cameraId);
    this.#late.forget(cameraId);
    for (const [streamId, owner] of this.#feedOfStream) if (owner === feed) this.#feedOfStream.delete(streamId);
    feed.close();
    this.#resting.delete(cameraId);
    this.#standIns.drop(cameraId);
    this.#screen.remove(cameraId);
  }

  #onState(state: ConnectionState): void {
    if (this.#connection === "open" && state !== "open") {
      for (const feed of this.#feeds.values()) feed.gap();
    }
    this.#connection = state;
    this.#scheduleUpdate();
  }

  #onControl(message: ServerMessage): void {
    switch (message.type) {
      case "stream": {
        const feed = this.#feeds.get(message.cameraId);
        if (!feed) return;
        feed.onStream(message);
        for (const [streamId, owner] of this.#feedOfStream) if (owner === feed) this.#feedOfStream.delete(streamId);
        for (const streamId of feed.streamIds) this.#feedOfStream.set(streamId, feed);
        break;
      }
      case "keys":
        this.#onKeys(message);
        return;
      case "camera_status":
        this.#feeds.get(message.cameraId)?.onStatus(message);
        break;
      case "denied":
        this.#keys.forgetCamera(message.cameraId);
        this.#feeds.get(message.cameraId)?.onDenied(message.code);
        this.#archive.forget(message.cameraId);
        this.#standIns.drop(message.cameraId);
        this.#screen.remove(message.cameraId);
        break;
      case "server_status":
        this.#serverCpu = message.cpu;
        return;
      default:
        return;
    }
    this.#scheduleUpdate();
  }

  #onKeys(message: Extract<ServerMessage, { type: "keys" }>): void {
    const cameras = new Set<string>();
    for (const grant of message.keys) {
      try {
        this.#keys.add(grant);
        cameras.add(grant.cameraId);
      } catch {
        // Fails closed: without the key its frames stay shut and the tile says so.
      }
    }
    for (const cameraId of cameras) this.#feeds.get(cameraId)?.keysAdded();
  }

  #onFrame(frame: SealedFrame): void {
    this.#received.add(frame.bytes.byteLength * 8);
    const feed = this.#feedOfStream.get(frame.header.streamId);
    if ((frame.header.flags & FLAG.audio) === 0) feed?.onFrame(frame);
    else if (feed?.showable) this.#sound.push(feed.cameraId, frame);
  }

  #tick(): void {
    for (const feed of this.#feeds.values()) feed.checkProgress();
    this.#update();
  }

  /** Tells the server of cameras whose pictures come late, so that it sends less or starts anew. */
  #report(): void {
    const cameras = this.#late.report(this.#feeds.values());
    if (cameras.length > 0) this.#link.report(cameras);
  }

  #tileStats(tile: TileSpec): TileStats {
    const { tileId, cameraId } = tile;
    const feed = this.#feeds.get(cameraId) ?? this.#createFeed(cameraId);
    const live = feed.stats(this.#connection, this.#visible);
    const archived = this.#archive.stats(tile);
    const { cameraState, recording } = live;
    const stats = archived ? { ...archived, cameraState, recording } : { tileId, ...live };
    if (this.#drawable || stats.reason === "denied") return stats;
    return { ...stats, state: "error", reason: "no-renderer", detail: this.#screen.detail };
  }

  #scheduleUpdate(): void {
    if (this.#updateScheduled || this.#closed) return;
    this.#updateScheduled = true;
    this.#deps.clock.after(millis(STATE_DEBOUNCE_MS), () => this.#update());
  }

  #update(): void {
    this.#updateScheduled = false;
    if (this.#closed) return;
    this.#deps.post({ type: "update", stats: this.stats(), serverMicros: this.#link.serverNowMicros() });
  }
}
