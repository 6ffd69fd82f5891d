import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { errorCode, FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import type { RelayAuthority, WrappedKey } from "../protocol.ts";
import type { TileRequest } from "./viewer-feeds.ts";

/** Questions to the main thread per second and viewer; each one makes it wrap two keys per camera. */
const QUESTIONS_PER_SECOND = 10;
const QUESTIONS_BURST = 10;
/** After a change of permissions an answer must be here within this time, else the viewer is cut. */
const ACCESS_ANSWER_MS = millis(1500);
const KEYS_RETRY_MS = millis(5000);

export interface AuthoriserOptions {
  readonly clock: Clock;
  readonly authorise: (cameraIds: readonly string[]) => ReturnType<RelayAuthority["authorise"]>;
  readonly onAllowed: (requests: readonly TileRequest[]) => void;
  readonly onDenied: (cameraId: string) => void;
  readonly onKeys: (keys: readonly WrappedKey[]) => void;
  readonly onUnavailable: (error: unknown) => void;
}

/**
 * Asks whether a viewer may see cameras: on every subscribe, on a change of permissions, and for the next epoch's
 * keys. One question at a time, so that a late answer can never undo a newer one; what comes meanwhile is asked next.
 */
export class Authoriser {
  readonly #options: AuthoriserOptions;
  readonly #bucket: TokenBucket;
  /** Everything the viewer asks for. */
  readonly #requests = new Map<string, TileRequest>();
  /** Of these, what was refused: asked again when permissions change or the camera appears. */
  readonly #refused = new Set<string>();
  readonly #keysSent = new Map<string, string>();
  #pending = new Set<string>();
  #asking = false;
  /** Every question due to the last change of permissions has been asked since. */
  #recheckAsked = true;
  #delay: Timer | undefined;
  #accessTimer: Timer | undefined;
  #closed = false;

  constructor(options: AuthoriserOptions) {
    this.#options = options;
    this.#bucket = new TokenBucket(QUESTIONS_PER_SECOND, QUESTIONS_BURST, options.clock);
  }

  get size(): number {
    return this.#requests.size;
  }

  has(cameraId: string): boolean {
    return this.#requests.has(cameraId);
  }

  request(requests: readonly TileRequest[]): void {
    for (const request of requests) {
      // Asked for anew: answered anew.
      this.#refused.delete(request.cameraId);
      this.#requests.set(request.cameraId, request);
      this.#pending.add(request.cameraId);
    }
    this.#next();
  }

  forget(cameraIds: readonly string[]): void {
    for (const cameraId of cameraIds) {
      this.#requests.delete(cameraId);
      this.#refused.delete(cameraId);
      this.#pending.delete(cameraId);
      this.#keysSent.delete(cameraId);
    }
  }

  /** The camera is not there (any more): remembered, in case it comes (back). */
  refuse(cameraId: string): void {
    if (!this.#requests.has(cameraId)) return;
    this.#refused.add(cameraId);
    this.#keysSent.delete(cameraId);
  }

  /** Cameras appeared: those that were refused before are asked for again. */
  askAgain(cameraIds: readonly string[]): void {
    for (const cameraId of cameraIds) if (this.#refused.has(cameraId)) this.#pending.add(cameraId);
    if (this.#pending.size > 0) this.#next();
  }

  /** `access`: must be answered soon, or the viewer is cut. `keys`: tried again until it works. */
  recheck(reason: "access" | "keys"): void {
    if (this.#closed || this.#requests.size === 0) return;
    for (const cameraId of this.#requests.keys()) {
      if (reason === "access" || !this.#refused.has(cameraId)) this.#pending.add(cameraId);
    }
    if (reason === "access") {
      this.#accessTimer ??= this.#options.clock.after(ACCESS_ANSWER_MS, () => {
        this.#options.onUnavailable(new FluxError("relay.authority_unavailable", "permissions could not be checked"));
      });
      this.#recheckAsked = false;
    }
    this.#next(true);
  }

  close(): void {
    this.#closed = true;
    this.#delay?.cancel();
    this.#accessTimer?.cancel();
    this.#requests.clear();
    this.#refused.clear();
    this.#pending.clear();
  }

  #next(urgent = false): void {
    if (this.#closed || this.#asking) return;
    if (this.#pending.size === 0) {
      // Nothing is left to ask, for instance because the viewer left every camera meanwhile.
      this.#recheckAsked = true;
      this.#checked();
      return;
    }
    if (urgent) {
      this.#delay?.cancel();
      this.#delay = undefined;
    } else if (this.#delay) {
      return;
    } else if (!this.#bucket.take()) {
      this.#delay = this.#options.clock.after(millis(this.#bucket.waitMs()), () => {
        this.#delay = undefined;
        this.#next();
      });
      return;
    }
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const cameraIds = [...this.#pending];
    this.#pending = new Set();
    this.#asking = true;
    const sinceChange = !this.#recheckAsked;
    this.#recheckAsked = true;
    try {
      const answer = await this.#options.authorise(cameraIds);
      if (this.#closed) return;
      // Permissions changed while this was being answered: the next question, already due, decides.
      if (this.#recheckAsked) this.#settle(cameraIds, answer);
      else for (const cameraId of cameraIds) if (this.#requests.has(cameraId)) this.#pending.add(cameraId);
      if (sinceChange && this.#recheckAsked) this.#checked();
    } catch (error) {
      if (!this.#closed) this.#failed(cameraIds, error);
    } finally {
      this.#asking = false;
    }
    this.#next(!this.#recheckAsked);
  }

  #settle(cameraIds: readonly string[], answer: Awaited<ReturnType<RelayAuthority["authorise"]>>): void {
    const allowed = new Set(answer.allowed);
    const audible = new Set(answer.audible);
    const granted: TileRequest[] = [];
    for (const cameraId of cameraIds) {
      const request = this.#requests.get(cameraId);
      // Left meanwhile.
      if (!request) continue;
      if (allowed.has(cameraId)) {
        this.#refused.delete(cameraId);
        // Whoever may not hear a camera sees it without its sound, whatever was asked for.
        granted.push(audible.has(cameraId) ? request : { ...request, audio: false });
      } else if (!this.#refused.has(cameraId)) {
        this.refuse(cameraId);
        this.#options.onDenied(cameraId);
      }
    }
    this.#sendKeys(answer.keys);
    if (granted.length > 0 && !this.#closed) this.#options.onAllowed(granted);
  }

  /** Only keys of cameras that the viewer still wants, and only when it has not got them. */
  #sendKeys(keys: readonly WrappedKey[]): void {
    const byCamera = new Map<string, WrappedKey[]>();
    for (const key of keys) {
      if (!this.#requests.has(key.cameraId) || this.#refused.has(key.cameraId)) continue;
      const list = byCamera.get(key.cameraId) ?? [];
      list.push(key);
      byCamera.set(key.cameraId, list);
    }
    const fresh: WrappedKey[] = [];
    for (const [cameraId, list] of byCamera) {
      const names = list.map((key) => `${key.keyId}.${key.generation}.${key.epoch}`).join();
      if (this.#keysSent.get(cameraId) === names) continue;
      this.#keysSent.set(cameraId, names);
      fresh.push(...list);
    }
    // A message holds at most 1024 keys (control-messages.ts).
    for (let from = 0; from < fresh.length; from += 1024) this.#options.onKeys(fresh.slice(from, from + 1024));
  }

  #checked(): void {
    this.#accessTimer?.cancel();
    this.#accessTimer = undefined;
  }

  #failed(cameraIds: readonly string[], error: unknown): void {
    for (const cameraId of cameraIds) if (this.#requests.has(cameraId)) this.#pending.add(cameraId);
    if (this.#accessTimer || errorCode(error)?.startsWith("auth.")) {
      this.#options.onUnavailable(error);
      return;
    }
    // Set before the next question is due, which then waits for it.
    this.#delay ??= this.#options.clock.after(KEYS_RETRY_MS, () => {
      this.#delay = undefined;
      this.#next();
    });
  }
}
