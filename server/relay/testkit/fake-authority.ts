import { createECDH, randomBytes } from "node:crypto";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { FromRelay, RelayAuthority, ToRelay, WrappedKey } from "../protocol.ts";

export interface FakeUser {
  readonly userId: string;
  readonly sessionId: string;
  cameras: ReadonlySet<string>;
  tokenExpiresAtMicros: number;
}

/** The main thread's side for tests: users by token, and switches for what can go wrong. */
export class FakeAuthority implements RelayAuthority {
  readonly users = new Map<string, FakeUser>();
  readonly calls: { method: keyof RelayAuthority; args: readonly unknown[] }[] = [];
  /** The main thread hangs: questions are taken and never answered. */
  silent = false;
  /** Every question is refused with this code. */
  refuseWith: string | undefined;
  epoch = 1;
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
    return { allowed, keys };
  }

  async key(connectionId: string, cameraId: string, _keyId: number, _generation: number, epoch: number) {
    return this.#connections.get(connectionId)?.cameras.has(cameraId) ? this.#key(cameraId, epoch) : undefined;
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
