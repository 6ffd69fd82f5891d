import { createECDH, randomBytes } from "node:crypto";
import { SUITE_IDS } from "../../shared/crypto/types.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Micros } from "../../shared/lib/time.ts";
import { ariaSeal, deriveKey } from "../keys/aria.ts";
import { epochAt } from "../keys/epoch.ts";
import type { EpochKey, KeyService } from "../keys/key-service.ts";
import type { Authenticated, RelayAuthority, WrappedKey } from "../relay/protocol.ts";
import type { AuthService, VerifiedToken } from "./auth-service.ts";
import { can, type Principal } from "./policy.ts";
import type { Principals } from "./principals.ts";

interface Connection {
  readonly userId: string;
  readonly sessionId: string;
  readonly sessionKey: Uint8Array;
  /** Where the client is. */
  readonly address: string;
  tokenExpiresAt: Micros;
}

const PUBLIC_KEY_BYTES = 65;
const SALT_BYTES = 32;
const MAX_CONNECTIONS = 10_000;

export interface LiveAuthorityParts {
  readonly clock: Clock;
  readonly auth: AuthService;
  readonly principals: Principals;
  readonly keys: KeyService;
  /** Generation of the worker that seals the camera now; undefined while none does. */
  readonly generationOf: (cameraId: string) => number | undefined;
}

/**
 * Decides for the relay thread who may see what, and wraps the keys. Rights are looked up at every question, so a
 * change holds from the next one on. Session keys never leave this object.
 */
export class LiveAuthority implements RelayAuthority {
  readonly #parts: LiveAuthorityParts;
  readonly #connections = new Map<string, Connection>();
  /** Connections whose token is being checked; true once they have closed in the meantime. */
  readonly #arriving = new Map<string, boolean>();

  constructor(parts: LiveAuthorityParts) {
    this.#parts = parts;
  }

  async authenticate(
    connectionId: string,
    token: string,
    clientPublicKey: string,
    address = "unknown",
  ): Promise<Authenticated> {
    const { principal, expiresAt } = await this.#verifyArriving(connectionId, token, address);
    if (!can(principal, "live.connect")) throw new FluxError("auth.forbidden", "not permitted");
    if (this.#connections.size >= MAX_CONNECTIONS) throw new FluxError("auth.busy", "too many live connections");
    const { publicKey, salt, sessionKey } = agree(clientPublicKey);
    const { userId, sessionId } = principal;
    this.#connections.set(connectionId, { userId, sessionId, sessionKey, address, tokenExpiresAt: expiresAt });
    return { userId, sessionId, tokenExpiresAtMicros: expiresAt, publicKey, salt };
  }

  async renew(connectionId: string, token: string): Promise<{ tokenExpiresAtMicros: number }> {
    const connection = this.#connection(connectionId);
    const { principal, expiresAt } = await this.#parts.auth.verify(token, connection.address);
    if (principal.userId !== connection.userId || principal.sessionId !== connection.sessionId) {
      throw new FluxError("auth.invalid_token", "the token belongs to another session");
    }
    connection.tokenExpiresAt = expiresAt;
    return { tokenExpiresAtMicros: expiresAt };
  }

  async authorise(
    connectionId: string,
    cameraIds: readonly string[],
  ): Promise<{ allowed: readonly string[]; audible: readonly string[]; keys: readonly WrappedKey[] }> {
    const connection = this.#connection(connectionId);
    const principal = await this.#principal(connection);
    const allowed = cameraIds.filter((cameraId) => can(principal, "live.view", cameraId));
    const audible = allowed.filter((cameraId) => can(principal, "audio.hear", cameraId));
    const keys = await Promise.all(allowed.map((cameraId) => this.#currentKeys(cameraId)));
    this.#stillOpen(connectionId, connection);
    return { allowed, audible, keys: keys.flat().map((key) => wrap(connection.sessionKey, key)) };
  }

  async key(
    connectionId: string,
    cameraId: string,
    keyId: number,
    generation: number,
    epoch: number,
  ): Promise<WrappedKey | undefined> {
    const connection = this.#connection(connectionId);
    const principal = await this.#principal(connection);
    if (!can(principal, "live.view", cameraId)) return undefined;
    // Live only: older epochs are playback's to grant.
    if (Math.abs(epoch - epochAt(this.#parts.clock.utcMicros())) > 1) return undefined;
    try {
      const key = await this.#parts.keys.epochKey(cameraId, keyId, generation, epoch);
      this.#stillOpen(connectionId, connection);
      return wrap(connection.sessionKey, key);
    } catch (error) {
      if (error instanceof FluxError && /^keys\.unknown_/.test(error.code)) return undefined;
      throw error;
    }
  }

  /** Whether the connection may play the camera back, and with its sound. */
  async archiveRights(connectionId: string, cameraId: string): Promise<{ view: boolean; hear: boolean }> {
    const principal = await this.#principal(this.#connection(connectionId));
    const view = can(principal, "archive.view", cameraId);
    return { view, hear: view && can(principal, "audio.hear", cameraId) };
  }

  /** Keys of archived frames, in the order asked for: whoever may see the archive may see all of it. */
  async archiveKeys(
    connectionId: string,
    cameraId: string,
    names: readonly { readonly keyId: number; readonly generation: number; readonly epoch: number }[],
  ): Promise<(WrappedKey | "revoked" | undefined)[]> {
    const connection = this.#connection(connectionId);
    if (!(await this.archiveRights(connectionId, cameraId)).view) return names.map(() => undefined);
    const keys = await Promise.all(
      names.map(({ keyId, generation, epoch }) =>
        this.#parts.keys.epochKey(cameraId, keyId, generation, epoch).catch((error: unknown) => {
          if (error instanceof FluxError && error.code === "keys.revoked") return "revoked" as const;
          if (error instanceof FluxError && /^keys\.unknown_/.test(error.code)) return undefined;
          throw error;
        }),
      ),
    );
    this.#stillOpen(connectionId, connection);
    return keys.map((key) => (typeof key === "object" ? wrap(connection.sessionKey, key) : key));
  }

  /** The relay lost the connection: its session key is forgotten. */
  viewerClosed(connectionId: string): void {
    if (this.#arriving.has(connectionId)) this.#arriving.set(connectionId, true);
    this.#connections.get(connectionId)?.sessionKey.fill(0);
    this.#connections.delete(connectionId);
  }

  /** Those whose connections are open. */
  get connectedUsers(): ReadonlySet<string> {
    return new Set([...this.#connections.values()].map(({ userId }) => userId));
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** The relay thread is gone, and with it every connection. */
  clear(): void {
    for (const connectionId of [...this.#connections.keys(), ...this.#arriving.keys()]) this.viewerClosed(connectionId);
  }

  /** A connection that closes while its token is checked must not be remembered for ever afterwards. */
  async #verifyArriving(connectionId: string, token: string, address: string): Promise<VerifiedToken> {
    this.#arriving.set(connectionId, false);
    try {
      const verified = await this.#parts.auth.verify(token, address);
      if (this.#arriving.get(connectionId) === true) throw closed();
      return verified;
    } finally {
      this.#arriving.delete(connectionId);
    }
  }

  #connection(connectionId: string): Connection {
    const connection = this.#connections.get(connectionId);
    if (!connection) throw new FluxError("auth.unknown_connection", "say hello first");
    return connection;
  }

  /** A closed connection's session key is zeros: nothing may be wrapped with it. */
  #stillOpen(connectionId: string, connection: Connection): void {
    if (this.#connections.get(connectionId) !== connection) throw closed();
  }

  #principal(connection: Connection): Promise<Principal> {
    if (connection.tokenExpiresAt <= this.#parts.clock.utcMicros()) {
      throw new FluxError("auth.expired", "the access token has expired");
    }
    return this.#parts.principals.ofSession(connection.sessionId);
  }

  /**
   * None while no worker seals the camera, and none where its keys cannot be had: one camera's trouble keeps no other
   * dark. The relay asks for keys again when frames with new ones come.
   */
  async #currentKeys(cameraId: string): Promise<EpochKey[]> {
    const generation = this.#parts.generationOf(cameraId);
    return generation === undefined ? [] : this.#parts.keys.viewKeysIfAny(cameraId, generation);
  }
}

function closed(): FluxError {
  return new FluxError("auth.unknown_connection", "the connection has closed");
}

/** The server's half of ECDH P-256 and the session key (docs/architecture.md, Keys). Throws `auth.bad_public_key`. */
function agree(clientPublicKey: string): { publicKey: string; salt: string; sessionKey: Uint8Array } {
  const client = Buffer.from(clientPublicKey, "base64");
  if (client.byteLength !== PUBLIC_KEY_BYTES || client[0] !== 4) throw badPublicKey();
  const ecdh = createECDH("prime256v1");
  const server = ecdh.generateKeys();
  const salt = randomBytes(SALT_BYTES);
  let secret: Buffer;
  try {
    secret = ecdh.computeSecret(client); // Refuses points that are not on the curve.
  } catch {
    throw badPublicKey();
  }
  const info = Buffer.concat([Buffer.from("fluxvision session v1"), client, server]);
  const sessionKey = deriveKey(secret, salt, info);
  secret.fill(0);
  return { publicKey: server.toString("base64"), salt: salt.toString("base64"), sessionKey };
}

function badPublicKey(): FluxError {
  return new FluxError("auth.bad_public_key", "not an uncompressed P-256 point");
}

function wrap(sessionKey: Uint8Array, of: EpochKey): WrappedKey {
  const { cameraId, keyId, generation, epoch, suite, key } = of;
  const numbers = Buffer.alloc(12);
  numbers.writeUInt32BE(keyId, 0);
  numbers.writeUInt32BE(generation, 4);
  numbers.writeUInt32BE(epoch, 8);
  const aad = Buffer.concat([Buffer.from("fluxvision grant v1"), Buffer.from(cameraId, "utf8"), numbers]);
  const wrapped = Buffer.from(ariaSeal(sessionKey, key, aad)).toString("base64");
  return { cameraId, keyId, generation, epoch, suite: SUITE_IDS[suite], wrapped };
}
