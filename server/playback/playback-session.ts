import { z } from "zod";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { TokenBucket } from "../../shared/lib/token-bucket.ts";
import {
  MAX_READS,
  type PlaybackClientMessage,
  type PlaybackServerMessage,
  playbackClientMessage,
  playbackRequestId,
  SERVER_TAKES,
} from "../../shared/wire/playback-messages.ts";
import { Lane } from "../core/lane.ts";
import type { ArchiveAuthority, ArchiveSegment, Authenticated, RelayAuthority } from "../relay/protocol.ts";
import { endsSession } from "../relay/session/session-end.ts";
import { KeyGrants } from "./key-grants.ts";
import type { PlaybackHandlers, PlaybackLine } from "./playback-connection.ts";
import { type CameraRight, Read, type ReadRequest } from "./read.ts";
import type { SegmentCache } from "./segment-cache.ts";

export interface PlaybackContext {
  readonly authority: RelayAuthority & ArchiveAuthority;
  readonly segments: SegmentCache;
  readonly clock: Clock;
  /** Called once, when the session is over. */
  readonly onClosed: (session: PlaybackSession) => void;
  readonly onBadFile: (segment: ArchiveSegment, error: unknown) => void;
}

const HELLO_WITHIN_MS = millis(5000);
/** Reads that run; the others wait their turn. */
const RUNNING = 8;
/** Of these, from buckets. */
const COLD_RUNNING = 8;
/** A right to a camera is believed for so long (W113). */
const BELIEVED_MS = 2000;
/** Far above what anybody plays in one session. */
const MOST_SEEN = 10_000;

/** One viewer of the archive, from hello to goodbye. */
export class PlaybackSession implements PlaybackHandlers {
  readonly connectionId: string;
  readonly #line: PlaybackLine;
  readonly #context: PlaybackContext;
  readonly #grants: KeyGrants;
  readonly #messages: TokenBucket;
  readonly #reads = new Map<number, { cancelled: boolean }>();
  readonly #queue: ReadRequest[] = [];
  /** Rights to cameras, and when they were last confirmed. */
  readonly #rights = new Map<string, CameraRight & { readonly atMs: number }>();
  /** Cameras that were read. */
  readonly #seen = new Set<string>();
  /** Counts changes of permissions: only the newest is looked into. */
  #change = 0;
  readonly #cold = new Lane(COLD_RUNNING, MAX_READS);
  #running = 0;
  #state: "hello" | "authenticating" | "open" | "closed" = "hello";
  #identity: Authenticated | undefined;
  #helloTimer: Timer | undefined;
  #expiryTimer: Timer | undefined;

  constructor(connectionId: string, line: PlaybackLine, context: PlaybackContext) {
    this.connectionId = connectionId;
    this.#line = line;
    this.#context = context;
    this.#grants = new KeyGrants(connectionId, context.authority, (message) => this.#send(message));
    this.#messages = new TokenBucket(SERVER_TAKES.perSecond, SERVER_TAKES.burst, context.clock);
    this.#helloTimer = context.clock.after(HELLO_WITHIN_MS, () => this.close("relay.no_hello", "no hello in time"));
  }

  get userId(): string | undefined {
    return this.#identity?.userId;
  }
  get sessionId(): string | undefined {
    return this.#identity?.sessionId;
  }

  onMessage(text: string): void {
    if (this.#state === "closed") return;
    if (!this.#messages.take()) {
      this.close("relay.rate_limited", "too many messages");
      return;
    }
    const message = this.#parse(text);
    if (message) this.#handle(message);
  }

  onClosed(): void {
    this.#finish();
  }

  /** The login session ended: nothing more leaves from here on. */
  expire(code: string, message: string): void {
    if (this.#state === "closed") return;
    this.#send({ type: "session_expired", code, message });
    this.#end(code, message, true);
  }

  /** The user's permissions changed: every read asks again before it sends more. */
  accessChanged(): void {
    this.#rights.clear();
    this.#grants.forget();
    if (this.#state === "open") void this.#withdraw();
  }

  /** The viewer may try again. */
  close(code: string, message: string): void {
    this.#end(code, message, false);
  }

  #end(code: string, message: string, final: boolean): void {
    if (this.#state === "closed") return;
    this.#finish();
    this.#line.close(code, message, final);
  }

  #parse(text: string): PlaybackClientMessage | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.close("relay.bad_message", "not JSON");
      return undefined;
    }
    const parsed = playbackClientMessage.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    const reason = (issue?.message ?? "not a message of this protocol").slice(0, 256);
    if (this.#state === "hello") this.close("relay.bad_message", `${field}: ${reason}`);
    else {
      // So that whoever waits for the answer to this read hears of it at once.
      const about = z.object({ requestId: playbackRequestId }).safeParse(value);
      const requestId = about.success ? about.data : {};
      this.#send({ type: "error", code: "relay.bad_message", message: reason, field, ...requestId });
    }
    return undefined;
  }

  #handle(message: PlaybackClientMessage): void {
    if (message.type === "hello") {
      if (this.#state !== "hello") this.close("relay.bad_message", "hello twice");
      else void this.#authenticate(message.token, message.publicKey);
      return;
    }
    if (message.type === "ping") {
      this.#send({ type: "pong", t: message.t, serverTimeMicros: this.#context.clock.utcMicros() });
      return;
    }
    if (this.#state !== "open") {
      this.close("auth.required", "the first message is hello");
      return;
    }
    switch (message.type) {
      case "renew":
        void this.#renew(message.token);
        return;
      case "read":
        this.#read(message);
        return;
      case "cancel":
        this.#cancel(message.requestId);
        return;
      case "need_key":
        void this.#needKey(message);
    }
  }

  /** Fails closed: what cannot be found out is withdrawn; the viewer may ask again. */
  async #withdraw(): Promise<void> {
    this.#change++;
    const change = this.#change;
    for (const cameraId of [...this.#seen]) {
      const { allowed } = await this.#right(cameraId).catch(() => ({ allowed: false }));
      if (this.#state !== "open" || change !== this.#change) return;
      if (allowed) continue;
      this.#seen.delete(cameraId);
      this.#send({ type: "withdrawn", cameraId, code: "auth.camera_denied" });
    }
  }

  #read(request: ReadRequest): void {
    const { requestId, cameraId } = request;
    if (this.#reads.has(requestId) || this.#reads.size >= MAX_READS) {
      const taken = this.#reads.has(requestId);
      const message = taken ? "this number is in use" : `at most ${MAX_READS} reads at once`;
      this.#send({ type: "error", code: "playback.too_many_reads", message, requestId, field: "requestId" });
      return;
    }
    if (this.#seen.size >= MOST_SEEN) this.#seen.clear();
    this.#seen.add(cameraId);
    this.#reads.set(requestId, { cancelled: false });
    this.#queue.push(request);
    this.#next();
  }

  /** What is cancelled while it waits never runs; what runs stops at the next piece. */
  #cancel(requestId: number): void {
    const read = this.#reads.get(requestId);
    if (!read) return;
    read.cancelled = true;
    const waiting = this.#queue.findIndex((request) => request.requestId === requestId);
    if (waiting < 0) return;
    this.#queue.splice(waiting, 1);
    this.#reads.delete(requestId);
  }

  #next(): void {
    while (this.#running < RUNNING && this.#state === "open") {
      const request = this.#queue.shift();
      if (!request) return;
      this.#running++;
      void this.#run(request).finally(() => {
        this.#running--;
        this.#next();
      });
    }
  }

  async #run(request: ReadRequest): Promise<void> {
    const { authority, segments, onBadFile } = this.#context;
    const state = this.#reads.get(request.requestId);
    const read = new Read(request, {
      connectionId: this.connectionId,
      authority,
      segments,
      send: (message) => this.#send(message),
      sendFrames: (requestId, pieces) => {
        if (this.#state === "open") this.#line.sendFrames(requestId, pieces);
      },
      room: () => this.#line.room(),
      grant: (cameraId, headers) => this.#grants.grant(cameraId, headers),
      stopped: () => this.#state !== "open" || state?.cancelled !== false,
      right: (cameraId) => this.#right(cameraId),
      aside: (work) => this.#aside(work),
      onBadFile,
    });
    await read.run();
    if (this.#reads.get(request.requestId) === state) this.#reads.delete(request.requestId);
  }

  async #right(cameraId: string): Promise<CameraRight> {
    const now = this.#context.clock.monotonicMs();
    const known = this.#rights.get(cameraId);
    if (known && now - known.atMs < BELIEVED_MS) return known;
    const probe = { cameraId, role: "main", direction: "forward", fromMicros: 0, toMicros: 0 } as const;
    const { allowed, audible } = await this.#context.authority.archive(this.connectionId, probe);
    if (allowed) this.#rights.set(cameraId, { allowed, audible, atMs: now });
    return { allowed, audible };
  }

  /** A place among the reads from disks is free for as long as one waits for a bucket. */
  async #aside<T>(work: () => Promise<T>): Promise<T> {
    this.#running--;
    this.#next();
    try {
      return await this.#cold.run(work);
    } finally {
      this.#running++;
    }
  }

  async #needKey({ cameraId, keyId, generation, epoch }: Extract<PlaybackClientMessage, { type: "need_key" }>) {
    try {
      await this.#grants.ask(cameraId, [{ keyId, generation, epoch }]);
    } catch (error) {
      const revoked = errorCode(error) === "keys.revoked";
      const code = revoked ? "keys.revoked" : "relay.no_key";
      const message = revoked ? "the key of this footage was destroyed" : "no such key";
      this.#send({ type: "error", code, message, field: cameraId });
    }
  }

  async #authenticate(token: string, publicKey: string): Promise<void> {
    this.#state = "authenticating";
    try {
      const identity = await this.#context.authority.authenticate(
        this.connectionId,
        token,
        publicKey,
        this.#line.remoteAddress,
      );
      if (this.#is("closed")) return;
      this.#helloTimer?.cancel();
      this.#identity = identity;
      this.#state = "open";
      this.#send({
        type: "welcome",
        connectionId: this.connectionId,
        publicKey: identity.publicKey,
        salt: identity.salt,
        serverTimeMicros: this.#context.clock.utcMicros(),
        tokenExpiresAtMicros: identity.tokenExpiresAtMicros,
      });
      this.#expireAt(identity.tokenExpiresAtMicros);
    } catch (error) {
      this.#refused(error);
    }
  }

  async #renew(token: string): Promise<void> {
    try {
      const { tokenExpiresAtMicros } = await this.#context.authority.renew(this.connectionId, token);
      if (this.#state === "open") this.#expireAt(tokenExpiresAtMicros);
    } catch (error) {
      // While the main thread is away the old token's time goes on; a refused one ends the session.
      if (errorCode(error) !== "relay.authority_unavailable") this.#refused(error);
    }
  }

  #refused(error: unknown): void {
    const code = errorCode(error) ?? "auth.failed";
    if (endsSession(code)) this.expire(code, describeError(error));
    else this.close(code, describeError(error));
  }

  #expireAt(micros: number): void {
    this.#expiryTimer?.cancel();
    const leftMs = (micros - this.#context.clock.utcMicros()) / 1000;
    this.#expiryTimer = this.#context.clock.after(millis(Math.min(Math.max(0, leftMs), 3_600_000)), () => {
      if (micros > this.#context.clock.utcMicros()) this.#expireAt(micros);
      else this.expire("auth.token_expired", "the access token ran out and was not renewed");
    });
  }

  #is(state: "closed"): boolean {
    return this.#state === state;
  }

  #send(message: PlaybackServerMessage): void {
    if (this.#state !== "closed") this.#line.send(message);
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#helloTimer?.cancel();
    this.#expiryTimer?.cancel();
    this.#queue.length = 0;
    this.#reads.clear();
    this.#context.onClosed(this);
  }
}
