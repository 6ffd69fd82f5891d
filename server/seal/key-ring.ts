import type { AeadKey, FluxCrypto } from "../../shared/crypto/types.ts";
import { KEY_BYTES, SUITE_IDS } from "../../shared/crypto/types.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { EPOCH_SECONDS } from "../../shared/wire/epoch.ts";
import type { SealKey } from "../ingest/protocol.ts";

/** An epoch key ready to seal. */
export interface EpochKey {
  readonly suiteId: number;
  readonly keyId: number;
  readonly epoch: number;
  readonly aead: AeadKey;
}

interface Entry {
  readonly suite: SealKey["suite"];
  readonly keyId: number;
  readonly epoch: number;
  /** Wiped when imported. */
  readonly raw: Uint8Array;
  imported: EpochKey | undefined;
}

/** Ask this long before an epoch begins, so that a slow answer never costs a frame. */
const PREFETCH_SECONDS = 150;

/**
 * The epoch keys of one ingest worker: per camera at most the previous epoch (a wall clock that steps back), the
 * current and the next. Keys are imported on first use and wiped when they are dropped.
 */
export class KeyRing {
  readonly #crypto: FluxCrypto;
  readonly #cameras = new Map<string, Map<number, Entry>>();

  constructor(crypto: FluxCrypto) {
    this.#crypto = crypto;
  }

  /** Throws `seal.bad_key`. A second key for the same camera and epoch replaces the first. */
  put(key: SealKey): void {
    if (!(key.suite in SUITE_IDS) || key.key.byteLength !== KEY_BYTES || !isU32(key.keyId) || !isU32(key.epoch)) {
      throw new FluxError("seal.bad_key", "seal key is malformed");
    }
    const epochs = this.#cameras.get(key.cameraId) ?? new Map<number, Entry>();
    this.#cameras.set(key.cameraId, epochs);
    const before = epochs.get(key.epoch);
    if (before) drop(before);
    const { suite, keyId, epoch } = key;
    epochs.set(epoch, { suite, keyId, epoch, raw: Uint8Array.from(key.key), imported: undefined });
  }

  /** Undefined: there is no key, so nothing may be sealed. */
  get(cameraId: string, epoch: number): EpochKey | undefined {
    const entry = this.#cameras.get(cameraId)?.get(epoch);
    if (!entry) return undefined;
    if (!entry.imported) {
      const aead = this.#crypto.importKey(entry.suite, entry.raw);
      entry.raw.fill(0);
      entry.imported = { suiteId: SUITE_IDS[entry.suite], keyId: entry.keyId, epoch, aead };
    }
    return entry.imported;
  }

  has(cameraId: string, epoch: number): boolean {
    return this.#cameras.get(cameraId)?.has(epoch) === true;
  }

  /** Which of the cameras lack a key that is due: for this epoch, or for the next one when it is near. */
  due(cameraIds: Iterable<string>, unixSeconds: number): string[] {
    const epoch = Math.floor(unixSeconds / EPOCH_SECONDS);
    const nextIsNear = (epoch + 1) * EPOCH_SECONDS - unixSeconds <= PREFETCH_SECONDS;
    const due: string[] = [];
    for (const id of cameraIds) {
      if (!this.has(id, epoch) || (nextIsNear && !this.has(id, epoch + 1))) due.push(id);
    }
    return due;
  }

  /** Wipes what no frame can need any more: everything before the previous epoch. */
  expire(epoch: number): void {
    for (const epochs of this.#cameras.values()) {
      for (const [at, entry] of epochs) {
        if (at >= epoch - 1) continue;
        drop(entry);
        epochs.delete(at);
      }
    }
  }

  removeCamera(cameraId: string): void {
    for (const entry of this.#cameras.get(cameraId)?.values() ?? []) drop(entry);
    this.#cameras.delete(cameraId);
  }

  close(): void {
    for (const id of [...this.#cameras.keys()]) this.removeCamera(id);
  }
}

function drop(entry: Entry): void {
  entry.raw.fill(0);
  entry.imported?.aead.dispose();
  entry.imported = undefined;
}

function isU32(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
}
