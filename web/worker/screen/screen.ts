import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { describeError } from "../../../shared/lib/errors.ts";
import { type Micros, millis } from "../../../shared/lib/time.ts";
import type { RendererKind, TileSpec } from "../../engine/worker-protocol.ts";
import type { DecodedPicture } from "../decode/stream-decoder.ts";
import { RateMeter } from "../state/rate-meter.ts";
import { FramePacer } from "./frame-pacer.ts";
import { place } from "./geometry.ts";
import type { Pixels, Quad, Renderer } from "./renderer.ts";

/** Where a picture on the wall comes from: a live camera, or the archive of one. */
export interface PictureSource {
  readonly pictureId: string;
  readonly cameraId: string;
  readonly playhead: { take(): DecodedPicture | undefined };
  /** False: nothing on its way may be shown any more. */
  readonly showable: boolean;
  /** The playhead's picture has become the source's, and is drawn next. */
  shown?(): void;
  /** The picture taken last could not be shown, or went with the renderer that had it. */
  lost?(): void;
  /** It is on the screen. */
  drawn(width: number, height: number, latencyMs: number | undefined, captureTime: Micros): void;
}

export interface ScreenDeps {
  readonly clock: Clock;
  /** Called again after a lost device and after a failure. Rejects when nothing can draw at the moment. */
  createRenderer(): Promise<Renderer>;
  requestFrame(run: () => void): void;
  sources(): Iterable<PictureSource>;
  /** Pictures that the tile may show; the first that there is is drawn. */
  picturesOf(tile: TileSpec): readonly string[];
  serverNowMicros(): number | undefined;
  /** `none` with the reason while no renderer can be made; it is tried again. */
  onRenderer(kind: RendererKind, detail: string): void;
  onFirstPicture(source: PictureSource): void;
}

/**
 * An emulated GPU shares the processor with the decoders: of a full wall, drawing more often only takes from them. A
 * single picture is drawn when it comes; waiting would only add latency.
 */
function softwareIntervalMs(tiles: number): number {
  if (tiles <= 1) return 0;
  if (tiles <= 4) return 1000 / 30;
  // A large wall: motion stays plain at 12 draws a second, and the decoders nearly keep up.
  return tiles <= 25 ? 1000 / 15 : 1000 / 12;
}

/** Drivers reset and GPU processes crash; the first rebuild follows at once, later ones wait longer and longer. */
const REBUILD_MS = { first: 250, max: 30_000 } as const;
/** A renderer that lived for this long was a good one: what went wrong before is forgiven. */
const HEALTHY_MS = 60_000;

interface Taken {
  readonly source: PictureSource;
  readonly picture: DecodedPicture;
}

/** Brings the feeds' newest pictures onto the canvas. */
export class Screen {
  readonly #deps: ScreenDeps;
  readonly #pacer: FramePacer;
  readonly #draws: RateMeter;
  #renderer: Renderer | undefined;
  #failures = 0;
  #builtMs = 0;
  #rebuild: Timer | undefined;
  #tiles: readonly TileSpec[] = [];
  #size = { width: 1, height: 1 };
  #closed = false;
  #lastError: string | undefined;

  constructor(deps: ScreenDeps) {
    this.#deps = deps;
    this.#draws = new RateMeter(deps.clock);
    this.#pacer = new FramePacer({
      clock: deps.clock,
      requestFrame: deps.requestFrame,
      present: () => this.#present(),
    });
  }

  get kind(): RendererKind {
    return this.#renderer?.kind ?? "none";
  }
  get detail(): string | undefined {
    return this.#renderer?.detail ?? this.#lastError;
  }
  get drawsPerSecond(): number {
    return this.#draws.perSecond();
  }

  /** Resolves after the first try; one that failed is told by `onRenderer` and repeated for as long as it takes. */
  async start(): Promise<void> {
    let renderer: Renderer | undefined;
    try {
      renderer = await this.#deps.createRenderer();
      if (!this.#closed) renderer.resize(this.#size.width, this.#size.height);
    } catch (error) {
      renderer?.close();
      this.#failed(describeError(error));
      return;
    }
    if (this.#closed) {
      renderer.close();
      return;
    }
    const built = renderer;
    this.#renderer = built;
    this.#lastError = undefined;
    this.#builtMs = this.#deps.clock.monotonicMs();
    this.#pace();
    // A new renderer has no pictures. Live brings the next one by itself; a picture that stands has to come again.
    for (const source of this.#deps.sources()) source.lost?.();
    void renderer.lost.then((reason) => this.#replace(built, reason));
    this.#deps.onRenderer(renderer.kind, renderer.detail);
    this.#pacer.request();
  }

  /** A picture waits, or tiles changed. */
  changed(): void {
    this.#pacer.request();
  }

  /** Resized and drawn in the same task: a resized canvas is empty and must not be seen so. */
  resize(width: number, height: number): void {
    this.#size = { width, height };
    this.#renderer?.resize(width, height);
    this.#draw();
  }

  setTiles(tiles: readonly TileSpec[]): void {
    this.#tiles = tiles;
    this.#pace();
    this.#draw();
  }

  has(pictureId: string): boolean {
    return this.#renderer?.picture(pictureId) !== undefined;
  }

  remove(pictureId: string): void {
    this.#renderer?.remove(pictureId);
    this.#pacer.request();
  }

  /** The picture that the tile shows, at its own resolution. */
  read(tile: TileSpec): Promise<Pixels | undefined> {
    const shown = this.#pictureOf(tile);
    return (shown !== undefined && this.#renderer?.read(shown)) || Promise.resolve(undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#pacer.close();
    this.#rebuild?.cancel();
    this.#rebuild = undefined;
    this.#renderer?.close();
    this.#renderer = undefined;
  }

  #pace(): void {
    this.#pacer.minIntervalMs = this.#renderer?.software ? softwareIntervalMs(this.#tiles.length) : 0;
  }

  /** Samples are read side by side: a read is answered by a task of its own, behind everything else that waits. */
  async #present(): Promise<void> {
    const renderer = this.#renderer;
    if (!renderer) return;
    const taken: Taken[] = [];
    for (const source of this.#deps.sources()) {
      const picture = source.playhead.take();
      if (picture) taken.push({ source, picture });
    }
    const shown = await Promise.all(taken.map((one) => this.#show(renderer, one)));
    if (renderer !== this.#renderer) return;
    this.#draw();
    const now = this.#deps.serverNowMicros();
    for (const note of shown) note?.(now);
  }

  /** Resolves with what is to be noted once it is drawn; undefined when it could not be shown. */
  async #show(
    renderer: Renderer,
    { source, picture }: Taken,
  ): Promise<((now: number | undefined) => void) | undefined> {
    const { owned, captureTime, colour } = picture;
    try {
      const prepared = await renderer.prepare(owned.frame, colour);
      if (renderer !== this.#renderer || !source.showable) return undefined;
      const first = renderer.picture(source.pictureId) === undefined;
      const { width, height } = renderer.show(source.pictureId, prepared);
      source.shown?.();
      return (now) => {
        const latencyMs = now === undefined ? undefined : Math.max(0, (now - captureTime) / 1000);
        source.drawn(width, height, latencyMs, captureTime);
        if (first) this.#deps.onFirstPicture(source);
      };
    } catch (error) {
      // A lost device fails every upload until it is replaced; the last message is kept for the status bar.
      this.#lastError = describeError(error);
      source.lost?.();
      return undefined;
    } finally {
      owned.close();
    }
  }

  #draw(): void {
    const renderer = this.#renderer;
    if (!renderer) return;
    const quads: Quad[] = [];
    for (const tile of this.#tiles) {
      const pictureId = this.#pictureOf(tile);
      const picture = pictureId === undefined ? undefined : renderer.picture(pictureId);
      if (pictureId === undefined || !picture || tile.width <= 0 || tile.height <= 0) continue;
      const placement = place(tile, picture.displayWidth, picture.displayHeight, tile.fit, tile.view);
      quads.push({ pictureId, ...placement });
    }
    renderer.draw(quads);
    this.#draws.add();
  }

  #pictureOf(tile: TileSpec): string | undefined {
    return this.#deps.picturesOf(tile).find((pictureId) => this.has(pictureId));
  }

  #replace(lost: Renderer, reason: string): void {
    if (this.#closed || this.#renderer !== lost) return;
    this.#renderer = undefined;
    this.#lastError = reason;
    lost.close();
    if (this.#deps.clock.monotonicMs() - this.#builtMs >= HEALTHY_MS) this.#failures = 0;
    if (this.#failures === 0) {
      this.#failures++;
      void this.start();
    } else this.#failed(reason);
  }

  #failed(reason: string): void {
    if (this.#closed) return;
    this.#lastError = reason;
    this.#failures++;
    this.#deps.onRenderer("none", reason);
    this.#rebuildLater();
  }

  #rebuildLater(): void {
    const delayMs = Math.min(REBUILD_MS.max, REBUILD_MS.first * 2 ** Math.min(this.#failures - 1, 20));
    this.#rebuild = this.#deps.clock.after(millis(delayMs), () => void this.start());
  }
}
