import { availableParallelism } from "node:os";
import type { SystemStats } from "../../shared/api/schemas.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Database } from "../db/database.ts";
import type { CameraService } from "./camera-service.ts";
import type { MediaPlane } from "./media-plane.ts";
import { threadCount, treeMemoryBytes } from "./process-memory.ts";

export interface StatsServiceParts {
  readonly clock: Clock;
  readonly database: Database;
  readonly cameras: CameraService;
  readonly media: MediaPlane;
  readonly version: string;
}

/** Readings are shared by everyone who asks within this time: polling clients cost one reading. */
const FRESH_MS = 500;

/** What the server uses and does. */
export class StatsService {
  readonly #parts: StatsServiceParts;
  readonly #startedMs: number;
  #cpuUsage = process.cpuUsage();
  #cpuAtMs: number;
  #cached: { atMs: number; stats: Promise<SystemStats> } | undefined;

  constructor(parts: StatsServiceParts) {
    this.#parts = parts;
    this.#startedMs = parts.clock.monotonicMs();
    this.#cpuAtMs = this.#startedMs;
  }

  read(): Promise<SystemStats> {
    const now = this.#parts.clock.monotonicMs();
    if (!this.#cached || now - this.#cached.atMs > FRESH_MS) this.#cached = { atMs: now, stats: this.#read(now) };
    return this.#cached.stats;
  }

  async #read(nowMs: number): Promise<SystemStats> {
    const { database, cameras, media, version } = this.#parts;
    const cpu = this.#cpuShare(nowMs);
    const [mediaStats, threads, databaseRssBytes] = await Promise.all([
      media.stats(),
      threadCount(),
      database.pid === undefined ? 0 : treeMemoryBytes(database.pid),
    ]);
    return {
      cpu,
      cpuCores: availableParallelism(),
      rssBytes: process.memoryUsage.rss(),
      databaseRssBytes,
      threads: threads ?? mediaStats.workers + 2,
      uptimeSeconds: Math.floor((nowMs - this.#startedMs) / 1000),
      cameras: cameras.count,
      camerasOnline: cameras.onlineCount,
      streamsPulled: mediaStats.streamsPulled,
      clients: mediaStats.viewers,
      framesSealed: mediaStats.framesSealed,
      bytesSealed: mediaStats.bytesSealed,
      framesRelayed: mediaStats.framesRelayed,
      bytesRelayed: mediaStats.bytesRelayed,
      framesDropped: mediaStats.framesDropped,
      database: database.kind,
      webTransport: mediaStats.webTransport,
      version,
    };
  }

  /** Of all cores, since the last reading; all threads of this process. */
  #cpuShare(nowMs: number): number {
    const usage = process.cpuUsage();
    const busyMs = (usage.user + usage.system - this.#cpuUsage.user - this.#cpuUsage.system) / 1000;
    const passedMs = nowMs - this.#cpuAtMs;
    this.#cpuUsage = usage;
    this.#cpuAtMs = nowMs;
    return passedMs > 0 ? Math.min(1, busyMs / passedMs / availableParallelism()) : 0;
  }
}
