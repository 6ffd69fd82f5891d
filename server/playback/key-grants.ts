import { FluxError } from "../../shared/lib/errors.ts";
import type { PlaybackServerMessage } from "../../shared/wire/playback-messages.ts";
import type { SealedHeader } from "../../shared/wire/sealed-frame.ts";
import type { ArchiveAuthority } from "../relay/protocol.ts";

export interface KeyName {
  readonly keyId: number;
  readonly generation: number;
  readonly epoch: number;
}

/** Ten minutes of a camera each: a viewer that jumps about for hours needs no more. */
const MOST_KNOWN = 20_000;

/** Keys that this connection was given, so that each is sent once, before the first frame that needs it. */
export class KeyGrants {
  readonly #connectionId: string;
  readonly #authority: ArchiveAuthority;
  readonly #send: (message: PlaybackServerMessage) => void;
  readonly #given = new Set<string>();
  /** Frames that differ in nothing from the one before need no look-up. */
  #last = "";

  constructor(connectionId: string, authority: ArchiveAuthority, send: (message: PlaybackServerMessage) => void) {
    this.#connectionId = connectionId;
    this.#authority = authority;
    this.#send = send;
  }

  /** Throws `keys.revoked`, `playback.denied`. */
  async grant(cameraId: string, headers: readonly SealedHeader[]): Promise<void> {
    const names = new Map<string, KeyName>();
    for (const header of headers) {
      const name = nameOf(header);
      const key = `${cameraId} ${name.keyId} ${name.generation} ${name.epoch}`;
      if (key === this.#last) continue;
      if (!this.#given.has(key)) names.set(key, name);
      this.#last = key;
    }
    if (names.size > 0) await this.ask(cameraId, [...names.values()]);
  }

  /** Sends these keys whether or not they were sent before. Throws as `grant`. */
  async ask(cameraId: string, names: readonly KeyName[]): Promise<void> {
    this.#last = "";
    const keys = await this.#authority.archiveKeys(this.#connectionId, cameraId, names);
    const given = keys.flatMap((key) => (key === undefined || key === "revoked" ? [] : [key]));
    if (given.length > 0) this.#send({ type: "keys", keys: given });
    if (this.#given.size > MOST_KNOWN) this.#given.clear();
    for (const { keyId, generation, epoch } of given) this.#given.add(`${cameraId} ${keyId} ${generation} ${epoch}`);
    if (keys.includes("revoked")) throw new FluxError("keys.revoked", "the key of this footage was destroyed");
    if (given.length < keys.length) throw new FluxError("playback.denied", "not permitted");
  }

  /** Rights changed: everything is asked for again. */
  forget(): void {
    this.#given.clear();
    this.#last = "";
  }
}

function nameOf({ keyId, epoch, nonce }: SealedHeader): KeyName {
  return { keyId, epoch, generation: new DataView(nonce.buffer, nonce.byteOffset, 4).getUint32(0) };
}
