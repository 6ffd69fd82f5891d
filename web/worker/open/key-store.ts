import {
  type AeadKey,
  type FluxCrypto,
  type ImportedKey,
  KEY_BYTES,
  NONCE_BYTES,
  SUITE_IDS,
  type Suite,
  TAG_BYTES,
} from "../../../shared/crypto/crypto.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { fromBase64 } from "./base64.ts";

/** What a key is for: the same four values stand in the frame's header, with the camera behind the stream. */
export interface KeyName {
  readonly cameraId: string;
  readonly keyId: number;
  readonly generation: number;
  readonly epoch: number;
}

export interface WrappedEpochKey extends KeyName {
  readonly suite: number;
  /** base64 of nonce(12) | ciphertext(32) | tag(16). */
  readonly wrapped: string;
}

/** Far above 64 tiles with the current and the next epoch of main and sub; the key slots of the crypto module are finite. */
const MAX_KEYS = 1024;
/** SPEC W23 */
const WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + TAG_BYTES;
const GRANT_PREFIX = "fluxvision grant v1";

function suiteOf(id: number): Suite {
  for (const [suite, suiteId] of Object.entries(SUITE_IDS)) if (suiteId === id) return suite as Suite;
  throw new FluxError("crypto.bad_suite", `suite ${id} is not known`, { field: "suite" });
}

export function keyNameText(name: KeyName): string {
  return `${name.cameraId}/${name.keyId}/${name.generation}/${name.epoch}`;
}

/** Additional authenticated data of a wrapped key: it opens only under the name that it was granted for. */
export function grantAad(name: KeyName): Uint8Array {
  const text = new TextEncoder().encode(GRANT_PREFIX + name.cameraId);
  const aad = new Uint8Array(text.length + 12);
  aad.set(text);
  const view = new DataView(aad.buffer);
  view.setUint32(text.length, name.keyId);
  view.setUint32(text.length + 4, name.generation);
  view.setUint32(text.length + 8, name.epoch);
  return aad;
}

/** The epoch keys that this connection was granted. Holds them only as imported keys; oldest first out. */
export class KeyStore {
  readonly #crypto: FluxCrypto;
  readonly #keys = new Map<string, ImportedKey>();
  #session: AeadKey | undefined;

  constructor(crypto: FluxCrypto) {
    this.#crypto = crypto;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** A new connection: keys of the old one stay, since the same epochs go on. */
  setSessionKey(sessionKey: Uint8Array): void {
    this.#session?.dispose();
    this.#session = this.#crypto.importKey("ARIA-256-GCM", sessionKey);
    sessionKey.fill(0);
  }

  /** Unwraps one grant. Throws `crypto.*`; a grant that does not open leaves the store as it was. */
  add(grant: WrappedEpochKey): void {
    if (!this.#session) throw new FluxError("crypto.no_session", "a key came before the session key");
    const suite = suiteOf(grant.suite);
    const sealed = fromBase64(grant.wrapped);
    if (sealed.length !== WRAPPED_BYTES) throw new FluxError("crypto.bad_key", "a wrapped key has the wrong length");
    const raw = this.#session.open(sealed.subarray(0, NONCE_BYTES), grantAad(grant), sealed.subarray(NONCE_BYTES));
    const name = keyNameText(grant);
    this.#drop(name);
    while (this.#keys.size >= MAX_KEYS) this.#drop(this.#oldest());
    this.#keys.set(name, this.#crypto.importKey(suite, raw));
    raw.fill(0);
  }

  /** The key, if it is here and made for the suite that the frame claims. */
  find(name: KeyName, suite: number): ImportedKey | undefined {
    const key = this.#keys.get(keyNameText(name));
    return key && SUITE_IDS[key.suite] === suite ? key : undefined;
  }

  /** Forgets a key that failed, so that it is asked for again. */
  forget(name: KeyName): void {
    this.#drop(keyNameText(name));
  }

  forgetCamera(cameraId: string): void {
    for (const name of [...this.#keys.keys()]) if (name.startsWith(`${cameraId}/`)) this.#drop(name);
  }

  close(): void {
    for (const name of [...this.#keys.keys()]) this.#drop(name);
    this.#session?.dispose();
    this.#session = undefined;
  }

  #oldest(): string {
    return this.#keys.keys().next().value ?? "";
  }

  #drop(name: string): void {
    this.#keys.get(name)?.dispose();
    this.#keys.delete(name);
  }
}
