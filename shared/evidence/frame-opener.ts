import { type FluxCrypto, type ImportedKey, SUITE_IDS } from "../crypto/types.ts";
import { FluxError } from "../lib/errors.ts";
import { HEADER_BYTES, type SealedFrame, type SealedHeader } from "../wire/sealed-frame.ts";
import type { PackageKey } from "./key-file.ts";

/** A key schedule is some kilobytes; frames come epoch after epoch. */
const MAX_IMPORTED = 16;

/** Which key opens a frame: SPEC W20, W21. */
export type KeyName = Pick<PackageKey, "cameraId" | "keyId" | "generation" | "epoch">;

export function keyNameOf(cameraId: string, { keyId, epoch, nonce }: SealedHeader): KeyName {
  const generation = new DataView(nonce.buffer, nonce.byteOffset, 4).getUint32(0);
  return { cameraId, keyId, generation, epoch };
}

export function keyLabel({ cameraId, keyId, generation, epoch }: KeyName): string {
  return `${cameraId}/${keyId}/${generation}/${epoch}`;
}

/** Opens frames with keys that are asked for by name and kept while they are in use. */
export class FrameOpener {
  readonly #crypto: FluxCrypto;
  readonly #ask: (name: KeyName) => Promise<PackageKey>;
  readonly #imported = new Map<string, { readonly suite: number; readonly key: ImportedKey }>();

  /** `ask` throws where there is no such key. */
  constructor(crypto: FluxCrypto, ask: (name: KeyName) => Promise<PackageKey>) {
    this.#crypto = crypto;
    this.#ask = ask;
  }

  /** The payload. Throws what `ask` throws, and `crypto.auth_failed` for a frame that was changed (W12). */
  async open(cameraId: string, frame: SealedFrame): Promise<Uint8Array> {
    const { header, bytes } = frame;
    const name = keyNameOf(cameraId, header);
    const label = keyLabel(name);
    const found = this.#imported.get(label) ?? (await this.#import(label, name));
    if (found.suite !== header.suite) throw new FluxError("crypto.auth_failed", "the frame names another suite");
    return found.key.open(header.nonce, bytes.subarray(0, HEADER_BYTES), bytes.subarray(HEADER_BYTES));
  }

  close(): void {
    for (const { key } of this.#imported.values()) key.dispose();
    this.#imported.clear();
  }

  async #import(label: string, name: KeyName) {
    const { suite, key } = await this.#ask(name);
    if (this.#imported.size >= MAX_IMPORTED) this.close();
    const imported = { suite: SUITE_IDS[suite], key: this.#crypto.importKey(suite, key) };
    this.#imported.set(label, imported);
    return imported;
  }
}

/** Opens with the keys of one package. */
export function packageOpener(crypto: FluxCrypto, keys: readonly PackageKey[]): FrameOpener {
  const byLabel = new Map(keys.map((key) => [keyLabel(key), key]));
  return new FrameOpener(crypto, async (name) => {
    const key = byLabel.get(keyLabel(name));
    if (!key) throw new FluxError("evidence.no_key", "keys.json lacks the key of a frame");
    return key;
  });
}
