import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import type { RecorderEvent, SegmentFact } from "../ingest/protocol.ts";
import { closeLeftFiles, type RecoveryVolumes } from "./recovery.ts";

export type LostThread = Extract<RecorderEvent, { type: "thread-lost" }>;

export interface LostThreadsParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly volumes: RecoveryVolumes;
  /** A file that has its end now. */
  readonly onClosed: (segment: SegmentFact) => void;
}

interface Waiting {
  readonly lost: LostThread;
  readonly tries: number;
}

const RETRY_MS = millis(10_000);
const MAX_TRIES = 30;

/**
 * A recording thread that died left its files without an end: they get it at once, while its successor records on. What
 * fails here (a disk or the database is away) is tried again, and is done by the next start at the latest.
 */
export class LostThreads {
  readonly #parts: LostThreadsParts;
  #waiting: Waiting[] = [];
  #working: Promise<void> | undefined;
  #timer: Timer | undefined;
  #closed = false;

  constructor(parts: LostThreadsParts) {
    this.#parts = parts;
  }

  add(lost: LostThread): void {
    this.#waiting.push({ lost, tries: 0 });
    this.#work();
  }

  /** Resolves when nothing is being done. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.settled();
  }

  #work(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    this.#working ??= this.#all().finally(() => {
      this.#working = undefined;
      if (this.#waiting.length > 0 && !this.#closed) {
        this.#timer = this.#parts.clock.after(RETRY_MS, () => this.#work());
      }
    });
  }

  async #all(): Promise<void> {
    const { orm, volumes, log, onClosed } = this.#parts;
    const failed: Waiting[] = [];
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      const { lost, tries } = next;
      try {
        const { facts, complete } = await closeLeftFiles(orm, volumes, lost, log);
        for (const fact of facts) onClosed(fact);
        log.info({ files: facts.length, generation: lost.generation }, "files of a recording thread that died closed");
        if (!complete && tries < MAX_TRIES) failed.push({ lost, tries: tries + 1 });
      } catch (err) {
        log.warn({ err, generation: lost.generation }, "files of a recording thread that died are not closed yet");
        if (tries < MAX_TRIES) failed.push({ lost, tries: tries + 1 });
      }
    }
    this.#waiting.push(...failed);
  }
}
