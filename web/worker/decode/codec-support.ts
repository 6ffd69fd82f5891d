import type { DecodeBackend } from "./backend.ts";

/** Where a decoder runs. `unknown`: the browser decides and does not tell. */
export type DecoderSite = "hardware" | "software" | "unknown";

export interface DecoderChoice {
  readonly site: DecoderSite;
  readonly config: VideoDecoderConfig;
}

/** Concurrent sessions of common hardware (VA-API: 16). Beyond it some platforms output nothing, without an error. */
const DEFAULT_HARDWARE_LIMIT = 16;

/** How many hardware decoders may be open; lowered when one stays silent. */
export class HardwareBudget {
  #limit: number;
  #used = 0;

  constructor(limit = DEFAULT_HARDWARE_LIMIT) {
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  take(): boolean {
    if (this.#used >= this.#limit) return false;
    this.#used++;
    return true;
  }

  giveBack(): void {
    this.#used--;
  }

  /** One of the open decoders did nothing: from now on allow one fewer than are open. */
  lower(): void {
    this.#limit = Math.max(0, Math.min(this.#limit, this.#used - 1));
  }
}

const SITES: readonly { readonly site: DecoderSite; readonly acceleration: HardwareAcceleration }[] = [
  { site: "hardware", acceleration: "prefer-hardware" },
  { site: "software", acceleration: "prefer-software" },
  { site: "unknown", acceleration: "no-preference" },
];

/** What the browser says that it can decode, asked once per codec string. It may lie: a decoder is believed only after its first picture. */
export class CodecSupport {
  readonly #backend: DecodeBackend;
  readonly #known = new Map<string, Promise<readonly DecoderChoice[]>>();

  constructor(backend: DecodeBackend) {
    this.#backend = backend;
  }

  /** Best first; empty when this browser cannot decode the codec. */
  choices(codec: string): Promise<readonly DecoderChoice[]> {
    const known = this.#known.get(codec);
    if (known !== undefined) return known;
    // Cameras name codecs: keep the table small whatever they say.
    if (this.#known.size >= 256) this.#known.clear();
    const asked = this.#ask(codec);
    this.#known.set(codec, asked);
    return asked;
  }

  async #ask(codec: string): Promise<readonly DecoderChoice[]> {
    const found: DecoderChoice[] = [];
    for (const { site, acceleration } of SITES) {
      const config = { codec, optimizeForLatency: true, hardwareAcceleration: acceleration };
      if (await this.#backend.isSupported(config)) found.push({ site, config });
    }
    return found;
  }
}
