import type { Timer } from "../../../shared/lib/clock.ts";
import { describeError, errorCode } from "../../../shared/lib/errors.ts";
import { type Millis, millis } from "../../../shared/lib/time.ts";
import { TokenBucket } from "../../../shared/lib/token-bucket.ts";
import { type ClientMessage, clientMessage, type ServerMessage } from "../../../shared/wire/control-messages.ts";
import type { Authenticated, RelayAuthority } from "../protocol.ts";
import type { ConnectionHandlers, ViewerConnection } from "../transport/connection.ts";
import { Authoriser } from "./authoriser.ts";
import { KeyRequests } from "./key-requests.ts";
import { endsSession } from "./session-end.ts";
import { type FeedsContext, ViewerFeeds } from "./viewer-feeds.ts";

const HELLO_WITHIN_MS = millis(5000);
/** 200 subscribes and unsubscribes a second are odd but harmless; beyond that a client is broken or hostile. */
const MESSAGES_PER_SECOND = 500;
const MESSAGES_BURST = 1000;
const BYTES_PER_SECOND = 512 * 1024;
const BYTES_BURST = 2 * 1024 * 1024;
const MAX_CAMERAS = 1024;

export interface SessionContext extends Omit<FeedsContext, "connection"> {
  readonly authority: RelayAuthority;
  /** The cameras are known; before that every question would be answered with "no such camera". */
  readonly camerasKnown: () => boolean;
  /** Called once, when the session is over. */
  readonly onClosed: (session: ViewerSession) => void;
  /** The viewer looks at these cameras no more. */
  readonly onLeft?: (cameraIds: readonly string[]) => void;
}

/** One viewer from hello to goodbye. The main thread decides on access; this class enforces what it says. */
export class ViewerSession implements ConnectionHandlers {
  readonly connectionId: string;
  readonly #connection: ViewerConnection;
  readonly #context: SessionContext;
  readonly #feeds: ViewerFeeds;
  readonly #authoriser: Authoriser;
  readonly #keyRequests: KeyRequests;
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  #state: "hello" | "authenticating" | "open" | "closed" = "hello";
  #identity: Authenticated | undefined;
  #helloTimer: Timer | undefined;
  #expiryTimer: Timer | undefined;
  #keysTimer: Timer | undefined;

  constructor(connectionId: string, connection: ViewerConnection, context: SessionContext) {
    this.connectionId = connectionId;
    this.#connection = connection;
    this.#context = context;
    const { clock, authority } = context;
    this.#feeds = new ViewerFeeds({ ...context, connection });
    this.#authoriser = new Authoriser({
      clock,
      authorise: (cameraIds) => authority.authorise(connectionId, cameraIds),
      onAllowed: (requests) => {
        for (const cameraId of this.#feeds.put(requests)) {
          this.#authoriser.refuse(cameraId);
          this.#deny(cameraId);
        }
        for (const { cameraId } of requests) this.#sendStatus(cameraId);
      },
      onDenied: (cameraId) => {
        this.#feeds.remove(cameraId);
        this.#deny(cameraId);
      },
      onKeys: (keys) => this.#send({ type: "keys", keys: [...keys] }),
      onUnavailable: (error) => this.#refused(error),
    });
    this.#keyRequests = new KeyRequests({
      clock,
      fetch: (request) =>
        authority.key(connectionId, request.cameraId, request.keyId, request.generation, request.epoch),
      send: (message) => this.#send(message),
    });
    this.#messages = new TokenBucket(MESSAGES_PER_SECOND, MESSAGES_BURST, clock);
    this.#bytes = new TokenBucket(BYTES_PER_SECOND, BYTES_BURST, clock);
    this.#helloTimer = clock.after(HELLO_WITHIN_MS, () => this.close("relay.no_hello", "no hello in time"));
  }

  get userId(): string | undefined {
    return this.#identity?.userId;
  }

  get sessionId(): string | undefined {
    return this.#identity?.sessionId;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  get feeds(): ViewerFeeds {
    return this.#feeds;
  }

  onMessage(text: string): void {
    if (this.#state === "closed") return;
    if (!this.#messages.take() || !this.#bytes.take(text.length)) {
      this.close("relay.rate_limited", "too many messages");
      return;
    }
    const message = this.#parse(text);
    if (message) this.#handle(message);
  }

  onDrain(): void {
    this.#feeds.drain();
  }

  onClosed(_code: string): void {
    this.#finish();
  }

  /** The login session ended (signed out, locked, password changed): nothing more leaves from here on. */
  expire(code: string, message: string): void {
    if (this.#state === "closed") return;
    this.#feeds.close();
    this.#send({ type: "session_expired", code, message });
    this.#end(code, message, true);
  }

  /** The user's permissions changed. Frames stop within 1.5 s of a permission's end, answer or no answer. */
  accessChanged(): void {
    if (this.isOpen) this.#authoriser.recheck("access");
  }

  /** The keys of the next epoch, ahead of time; asked for after `delay`. */
  refreshKeys(delay: Millis): void {
    if (!this.isOpen) return;
    this.#keysTimer?.cancel();
    this.#keysTimer = this.#context.clock.after(delay, () => this.#authoriser.recheck("keys"));
  }

  cameraChanged(cameraId: string): void {
    if (!this.#feeds.has(cameraId) || this.#feeds.refresh(cameraId)) return;
    this.#authoriser.refuse(cameraId);
    this.#deny(cameraId);
  }

  /** Cameras that were not there before. */
  camerasAnnounced(cameraIds: readonly string[]): void {
    if (this.isOpen) this.#authoriser.askAgain(cameraIds);
  }

  cameraStatusChanged(cameraId: string): void {
    if (this.#feeds.has(cameraId)) this.#sendStatus(cameraId);
  }

  send(message: ServerMessage): void {
    if (this.isOpen) this.#send(message);
  }

  /** The viewer may try again. */
  close(code: string, message: string): void {
    this.#end(code, message, false);
  }

  #end(code: string, message: string, final: boolean): void {
    if (this.#state === "closed") return;
    this.#finish();
    this.#connection.close(code, message, final);
  }

  #parse(text: string): ClientMessage | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      this.close("relay.bad_message", "not JSON");
      return undefined;
    }
    const parsed = clientMessage.safeParse(value);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const field = issue?.path.join(".") ?? "";
    const reason = issue?.message ?? "not a message of this protocol";
    if (this.#state === "hello") this.close("relay.bad_message", `${field}: ${reason}`);
    else this.#send({ type: "error", code: "relay.bad_message", message: reason.slice(0, 256), field });
    return undefined;
  }

  #handle(message: ClientMessage): void {
    if (message.type === "hello") {
      if (this.#state !== "hello") {
        this.close("relay.bad_message", "hello twice");
        return;
      }
      if (!this.#context.camerasKnown()) {
        this.close("relay.starting", "the server is starting");
        return;
      }
      void this.#authenticate(message.token, message.publicKey);
      return;
    }
    if (message.type === "ping") {
      this.#send({ type: "pong", t: message.t, serverTimeMicros: this.#context.clock.utcMicros() });
      return;
    }
    if (!this.isOpen) {
      this.close("auth.required", "the first message is hello");
      return;
    }
    switch (message.type) {
      case "renew":
        void this.#renew(message.token);
        return;
      case "subscribe":
        if (this.#authoriser.size + this.#newCameras(message.cameras) > MAX_CAMERAS) {
          const text = `at most ${MAX_CAMERAS} cameras per connection`;
          this.#send({ type: "error", code: "relay.too_many_cameras", message: text, field: "cameras" });
        } else this.#authoriser.request(message.cameras);
        return;
      case "unsubscribe":
        this.#authoriser.forget(message.cameraIds);
        this.#context.onLeft?.(message.cameraIds);
        for (const cameraId of message.cameraIds) this.#feeds.remove(cameraId);
        return;
      case "need_key":
        if (this.#feeds.has(message.cameraId)) this.#keyRequests.add(message);
        else this.#deny(message.cameraId);
        return;
      case "report":
        this.#feeds.report(message.cameras);
    }
  }

  #newCameras(cameras: readonly { readonly cameraId: string }[]): number {
    return cameras.filter(({ cameraId }) => !this.#authoriser.has(cameraId)).length;
  }

  async #authenticate(token: string, publicKey: string): Promise<void> {
    this.#state = "authenticating";
    try {
      const identity = await this.#context.authority.authenticate(
        this.connectionId,
        token,
        publicKey,
        this.#connection.remoteAddress,
      );
      if (!this.#is("authenticating")) return;
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
        quotaKbps: this.#context.quotaKbps,
      });
      this.#expireAt(identity.tokenExpiresAtMicros);
    } catch (error) {
      this.#refused(error);
    }
  }

  async #renew(token: string): Promise<void> {
    try {
      const { tokenExpiresAtMicros } = await this.#context.authority.renew(this.connectionId, token);
      if (this.isOpen) this.#expireAt(tokenExpiresAtMicros);
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
    // Longer than a timer can hold: looked at again when it fires.
    const delay = millis(Math.min(Math.max(0, leftMs), 3_600_000));
    this.#expiryTimer = this.#context.clock.after(delay, () => {
      if (micros > this.#context.clock.utcMicros()) this.#expireAt(micros);
      else this.expire("auth.token_expired", "the access token ran out and was not renewed");
    });
  }

  #deny(cameraId: string): void {
    this.#send({ type: "denied", cameraId, code: "auth.camera_denied" });
  }

  #sendStatus(cameraId: string): void {
    const status = this.#context.directory.camera(cameraId)?.status;
    if (!status || !this.#feeds.has(cameraId)) return;
    this.#send({
      type: "camera_status",
      cameraId,
      state: status.state,
      ...(status.reason !== undefined && { reason: status.reason.slice(0, 512) }),
      recording: status.recording,
    });
  }

  #send(message: ServerMessage): void {
    if (this.#state !== "closed") this.#connection.sendControl(message);
  }

  #is(state: "hello" | "authenticating" | "open" | "closed"): boolean {
    return this.#state === state;
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#helloTimer?.cancel();
    this.#expiryTimer?.cancel();
    this.#keysTimer?.cancel();
    this.#authoriser.close();
    this.#keyRequests.close();
    this.#feeds.close();
    this.#context.onClosed(this);
  }
}
