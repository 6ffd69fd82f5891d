import type { Clock } from "../../../shared/lib/clock.ts";
import type { ClientMessage } from "../../../shared/wire/control-messages.ts";
import type { StreamDemand } from "../streams/demand.ts";
import type { StreamDirectory } from "../streams/directory.ts";
import type { ViewerConnection } from "../transport/connection.ts";
import { type PlanTile, planBandwidth } from "./bandwidth-plan.ts";
import { CameraFeed } from "./camera-feed.ts";
import type { FlushScheduler } from "./flush-scheduler.ts";
import { LADDER, rungForSize, rungKbps, tilePixels, UNKNOWN_RATE } from "./quality-policy.ts";
import { ViewerBudget } from "./viewer-budget.ts";

export type TileRequest = Extract<ClientMessage, { type: "subscribe" }>["cameras"][number];
type Report = Extract<ClientMessage, { type: "report" }>["cameras"][number];

/** A camera whose frames wait this long is moved to its newest GOP; after `HARD`, to whichever comes next. */
const LAG_SKIP_MS = 1500;
const LAG_HARD_MS = 4000;
/** A decoder with this many frames before it does not catch up by itself. */
const DECODE_QUEUE_LIMIT = 20;
const REPORT_SPACING_MS = 5000;
/** From arrival here to the viewer's screen. */
const WAY_LIMIT_MS = 2500;
/** After a step down of any tile nothing steps up for this long. */
const STEP_UP_AFTER_MS = 8000;

interface Tile {
  request: TileRequest;
  readonly feed: CameraFeed;
  desired: number | undefined;
  granted: number | undefined;
  lastRestartMs: number;
}

export interface FeedsContext {
  readonly connection: ViewerConnection;
  readonly directory: StreamDirectory;
  readonly demand: StreamDemand;
  readonly scheduler: FlushScheduler;
  readonly clock: Clock;
  readonly quotaKbps: number;
  readonly onFrameSent: (byteLength: number) => void;
}

/** What one viewer gets of all its cameras. Access was decided before anything comes in here. */
export class ViewerFeeds {
  readonly #context: FeedsContext;
  readonly #tiles = new Map<string, Tile>();
  readonly #budget: ViewerBudget;
  readonly #feedContext: ConstructorParameters<typeof CameraFeed>[1];
  /** Feeds with frames to send, in the order in which they take turns. */
  readonly #line: CameraFeed[] = [];
  #scheduled = false;
  #draining = false;
  #steppedDownAtMs: number | undefined;
  #droppedByClosed = 0;

  constructor(context: FeedsContext) {
    this.#context = context;
    this.#budget = new ViewerBudget(context.quotaKbps);
    const { connection, demand, clock, onFrameSent } = context;
    this.#feedContext = {
      connection,
      demand,
      clock,
      onFrameSent,
      onReadable: (feed) => {
        this.#line.push(feed);
        this.#schedule();
      },
    };
  }

  get cameraIds(): string[] {
    return [...this.#tiles.keys()];
  }

  get droppedFrames(): number {
    let dropped = this.#droppedByClosed;
    for (const tile of this.#tiles.values()) dropped += tile.feed.droppedFrames;
    return dropped;
  }

  has(cameraId: string): boolean {
    return this.#tiles.has(cameraId);
  }

  /** Adds or changes tiles of cameras that this viewer may see. Returns those that do not exist. */
  put(requests: readonly TileRequest[]): string[] {
    const missing: string[] = [];
    for (const request of requests) {
      const camera = this.#context.directory.camera(request.cameraId);
      if (!camera) {
        this.remove(request.cameraId);
        missing.push(request.cameraId);
        continue;
      }
      const tile = this.#tiles.get(request.cameraId) ?? this.#add(new CameraFeed(camera, this.#feedContext), request);
      tile.request = request;
      const px = tilePixels(request.widthPx, request.heightPx);
      const desired = request.visible ? rungForSize(px, tile.desired) : undefined;
      // A tile that the user enlarged is planned like a new one: it does not wait for the step-up delay.
      if (desired !== undefined && (tile.desired === undefined || desired > tile.desired)) tile.granted = undefined;
      tile.desired = desired;
    }
    this.#plan();
    return missing;
  }

  remove(cameraId: string): void {
    const tile = this.#tiles.get(cameraId);
    if (!tile) return;
    this.#tiles.delete(cameraId);
    this.#droppedByClosed += tile.feed.droppedFrames;
    tile.feed.close();
  }

  /** The camera's streams changed, or it is gone. Returns false when it is gone. */
  refresh(cameraId: string): boolean {
    const tile = this.#tiles.get(cameraId);
    if (!tile) return true;
    const camera = this.#context.directory.camera(cameraId);
    if (camera) tile.feed.setCamera(camera);
    else this.remove(cameraId);
    return camera !== undefined;
  }

  formatChanged(cameraId: string): void {
    this.#tiles.get(cameraId)?.feed.formatChanged();
  }

  /** Sends what the connection takes. */
  drain(): void {
    // A connection may call back while it is given something: the turn that runs serves everyone anyway.
    if (this.#draining) return;
    this.#draining = true;
    try {
      this.#serveLine();
    } finally {
      this.#draining = false;
    }
    this.#context.connection.flush();
  }

  report(reports: readonly Report[]): void {
    const now = this.#context.clock.monotonicMs();
    for (const report of reports) {
      const tile = this.#tiles.get(report.cameraId);
      if (!tile || now - tile.lastRestartMs < REPORT_SPACING_MS || !this.#lags(tile.feed, report)) continue;
      tile.lastRestartMs = now;
      tile.feed.restart();
      this.#budget.lagged(now, this.#usedKbps());
    }
  }

  /** A decoder that is full, or frames that wait in WebTransport's own buffer, where this server cannot see them. */
  #lags({ current }: CameraFeed, { decodeQueue, latencyMs }: Report): boolean {
    if (decodeQueue >= DECODE_QUEUE_LIMIT) return true;
    if (this.#context.connection.kind !== "webtransport" || !current) return false;
    // The viewer counts from the capture. Less the way to here, the camera's clock no longer matters (SPEC W50).
    return latencyMs - current.captureToArrivalMs > WAY_LIMIT_MS;
  }

  /** About four times a second: nothing waits for long. */
  watchLatency(): void {
    const now = this.#context.clock.monotonicMs();
    let lagging = false;
    for (const feed of [...this.#line]) {
      const lagMs = now - (feed.blockedSinceMs ?? now);
      if (lagMs < LAG_SKIP_MS) continue;
      lagging = true;
      feed.catchUp(lagMs >= LAG_HARD_MS);
    }
    if (lagging) this.#budget.lagged(now, this.#usedKbps());
  }

  /** Once a second: quality follows measured bitrates, the viewer's speed and what cameras deliver. */
  review(): void {
    this.#budget.recover(this.#context.clock.monotonicMs());
    this.#plan();
  }

  close(): void {
    for (const cameraId of this.cameraIds) this.remove(cameraId);
    this.#context.scheduler.remove(this);
  }

  /** For the scheduler. */
  flush(): void {
    this.#scheduled = false;
    this.drain();
  }

  #serveLine(): void {
    const line = this.#line;
    let kept = 0;
    // Grows while it runs when a feed changes streams. A feed that was closed leaves here.
    for (let index = 0; index < line.length; index++) {
      const feed = line[index];
      if (!feed) continue;
      feed.inLine = false;
      if (feed.drain() || feed.inLine) continue;
      // Keeps its place while its frames wait for the connection.
      feed.inLine = true;
      line[kept++] = feed;
    }
    line.length = kept;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#context.scheduler.schedule(this);
  }

  #add(feed: CameraFeed, request: TileRequest): Tile {
    const tile: Tile = {
      request,
      feed,
      desired: undefined,
      granted: undefined,
      lastRestartMs: Number.NEGATIVE_INFINITY,
    };
    this.#tiles.set(request.cameraId, tile);
    return tile;
  }

  #plan(): void {
    const now = this.#context.clock.monotonicMs();
    const visible: PlanTile[] = [];
    for (const [cameraId, tile] of this.#tiles) {
      if (tile.desired === undefined) continue;
      visible.push({
        cameraId,
        px: tilePixels(tile.request.widthPx, tile.request.heightPx),
        desired: tile.desired,
        granted: tile.granted,
        kbpsByRung: this.#costs(tile.feed, tile.desired),
      });
    }
    const mayStepUp = this.#steppedDownAtMs === undefined || now - this.#steppedDownAtMs >= STEP_UP_AFTER_MS;
    const plan = planBandwidth(visible, this.#budget.kbps, mayStepUp);
    for (const [cameraId, tile] of this.#tiles) {
      const granted = tile.desired === undefined ? undefined : plan.get(cameraId);
      if (granted !== undefined && tile.desired !== undefined && granted < tile.desired) {
        if (tile.granted === undefined || granted < tile.granted) this.#steppedDownAtMs = now;
      }
      tile.granted = granted;
      const limited = granted !== undefined && tile.desired !== undefined && granted < tile.desired;
      tile.feed.setTarget({
        rung: granted,
        limitedBy: limited ? (this.#budget.limitedByViewer ? "viewer" : "quota") : undefined,
        audio: tile.request.audio ?? false,
      });
    }
  }

  #costs(feed: CameraFeed, desired: number): number[] {
    const costs: number[] = [];
    for (let index = 0; index <= desired; index++) {
      const rung = LADDER[index];
      const stream = feed.streamFor(index);
      if (!rung || !stream) costs.push(0);
      else costs.push(rungKbps(rung, stream.meter.rate ?? UNKNOWN_RATE[stream.role]));
    }
    return costs;
  }

  #usedKbps(): number {
    let used = 0;
    for (const tile of this.#tiles.values()) {
      if (tile.granted !== undefined) used += this.#costs(tile.feed, tile.granted)[tile.granted] ?? 0;
    }
    return used;
  }
}
