import { createECDH, randomBytes } from "node:crypto";
import { FluxError } from "../../../shared/lib/errors.ts";
import type {
  ArchiveAnswer,
  ArchiveAuthority,
  ArchiveSegment,
  AuthorityMethod,
  FromRelay,
  RelayAuthority,
  ToRelay,
  WrappedKey,
} from "../protocol.ts";

export interface FakeUser {
  readonly userId: string;
  readonly sessionId: string;
  cameras: ReadonlySet<string>;
  tokenExpiresAtMicros: number;
}

/** The main thread's side for tests: users by token, and switches for what can go wrong. */
export class FakeAuthority implements RelayAuthority, ArchiveAuthority {
  readonly users = new Map<string, FakeUser>();
  readonly calls: { method: AuthorityMethod; args: readonly unknown[] }[] = [];
  /** The main thread hangs: questions are taken and never answered. */
  silent = false;
  /** Every question is refused with this code. */
  refuseWith: string | undefined;
  epoch = 1;
  /** What was recorded. */
  recorded: readonly ArchiveSegment[] = [];
  /** Cameras that nobody may hear. */
  readonly silentCameras = new Set<string>();
  /** Numbers of keys that were destroyed. */
  readonly revoked = new Set<number>();
  /** Bytes of objects in cold storage, by `volume/key`. */
  readonly objects = new Map<string, Uint8Array>();
  readonly #connections = new Map<string, FakeUser>();

  async authenticate(connectionId: string, token: string) {
    const user = this.users.get(token);
    if (!user) throw new FluxError("auth.token_invalid", "unknown token");
    this.#connections.set(connectionId, user);
    const { userId, sessionId, tokenExpiresAtMicros } = user;
    return { userId, sessionId, tokenExpiresAtMicros, ...serverHalf() };
  }

  async renew(connectionId: string, token: string) {
    const user = this.users.get(token);
    if (!user || this.#connections.get(connectionId)?.sessionId !== user.sessionId) {
      throw new FluxError("auth.token_invalid", "not a token of this session");
    }
    return { tokenExpiresAtMicros: user.tokenExpiresAtMicros };
  }

  async authorise(connectionId: string, cameraIds: readonly string[]) {
    const cameras = this.#connections.get(connectionId)?.cameras ?? new Set();
    const allowed = cameraIds.filter((cameraId) => cameras.has(cameraId));
    const keys = allowed.flatMap((cameraId) => [this.#key(cameraId, this.epoch), this.#key(cameraId, this.epoch + 1)]);
    return { allowed, audible: allowed.filter((cameraId) => !this.silentCameras.has(cameraId)), keys };
  }

  async key(connectionId: string, cameraId: string, _keyId: number, _generation: number, epoch: number) {
    return this.#connections.get(connectionId)?.cameras.has(cameraId) ? this.#key(cameraId, epoch) : undefined;
  }

  async archive(connectionId: string, query: Parameters<ArchiveAuthority["archive"]>[1]): Promise<ArchiveAnswer> {
    const { cameraId, role, direction, fromMicros, toMicros } = query;
    const audible = !this.silentCameras.has(cameraId);
    const nothing = { audible, segments: [], earlierMicros: undefined, laterMicros: undefined };
    if (!this.#connections.get(connectionId)?.cameras.has(cameraId)) return { allowed: false, ...nothing };
    const [start, end] = [Math.min(fromMicros, toMicros), Math.max(fromMicros, toMicros)];
    const own = this.recorded.filter((segment) => segment.cameraId === cameraId && segment.role === role);
    const found = own.filter(({ startMicros, endMicros }) => startMicros <= end && endMicros >= start);
    const sign = direction === "forward" ? 1 : -1;
    const segments = [...found].sort((a, b) => sign * (a.startMicros - b.startMicros)).slice(0, 4);
    const earlier = own.filter(({ endMicros }) => endMicros < start).map(({ endMicros }) => endMicros);
    const later = own.filter(({ startMicros }) => startMicros > end).map(({ startMicros }) => startMicros);
    return {
      allowed: true,
      audible,
      segments,
      earlierMicros: earlier.length > 0 ? Math.max(...earlier) : undefined,
      laterMicros: later.length > 0 ? Math.min(...later) : undefined,
    };
  }

  async archiveKeys(connectionId: string, cameraId: string, names: Parameters<ArchiveAuthority["archiveKeys"]>[2]) {
    const allowed = this.#connections.get(connectionId)?.cameras.has(cameraId) === true;
    return names.map(({ keyId, generation, epoch }) => {
      if (this.revoked.has(keyId)) return "revoked" as const;
      return allowed ? { cameraId, keyId, generation, epoch, suite: 1, wrapped: "AAAA" } : undefined;
    });
  }

  async archiveBytes(segmentId: number, offset: number, length: number): Promise<Uint8Array> {
    const place = this.recorded.find((segment) => segment.segmentId === segmentId)?.place;
    const bytes = place?.kind === "object" ? this.objects.get(`${place.volumeId}/${place.key}`) : undefined;
    if (!bytes) throw new FluxError("archive.no_object", "there is no such object");
    return bytes.slice(offset, offset + length);
  }

  permit(token: string, cameras: readonly string[]): void {
    const user = this.users.get(token);
    if (user) user.cameras = new Set(cameras);
  }

  /** Answers what the relay thread posts. */
  answer(message: FromRelay, reply: (message: ToRelay) => void): void {
    if (message.type !== "request") return;
    const { requestId, method, args } = message;
    this.calls.push({ method, args });
    if (this.silent) return;
    const { refuseWith } = this;
    if (refuseWith !== undefined) {
      queueMicrotask(() => reply({ type: "reply", requestId, error: { code: refuseWith, message: "refused" } }));
      return;
    }
    const call = this[method] as (...args: unknown[]) => Promise<unknown>;
    call.apply(this, [...args]).then(
      (value) => reply({ type: "reply", requestId, value }),
      (error: FluxError) => reply({ type: "reply", requestId, error: { code: error.code, message: error.message } }),
    );
  }

  #key(cameraId: string, epoch: number): WrappedKey {
    return { cameraId, keyId: 1, generation: 1, epoch, suite: 1, wrapped: "AAAA" };
  }
}

/** A true public key and salt: the client derives a session key from them. */
function serverHalf(): { readonly publicKey: string; readonly salt: string } {
  const ecdh = createECDH("prime256v1");
  return { publicKey: ecdh.generateKeys("base64"), salt: randomBytes(32).toString("base64") };
}
