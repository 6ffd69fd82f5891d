import { FluxError } from "../../shared/lib/errors.ts";
import type { NalRules } from "./nal-rules.ts";
import type { VideoFormat } from "./video-format.ts";

const MAX_SETS = 64;
const MAX_SET_BYTES = 4096;
const START_CODE = [0, 0, 0, 1];

interface StoredSet {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** The parameter sets in force, from the SDP and from the stream itself. */
export class ParameterSets {
  readonly #rules: NalRules;
  readonly #sets = new Map<number, StoredSet>();
  #format: VideoFormat | undefined;
  /** Counted up whenever a set is added or changed. */
  version = 0;

  constructor(rules: NalRules) {
    this.#rules = rules;
  }

  /** From the newest sequence parameter set. */
  get format(): VideoFormat | undefined {
    return this.#format;
  }

  /**
   * Takes a set (without start code; copied).
   * @returns its key, for `missing`; undefined for one that cannot be read, which is then ignored.
   */
  store(nal: Uint8Array): number | undefined {
    if (nal.length < 3 || nal.length > MAX_SET_BYTES) return undefined;
    const type = this.#rules.type(nal[0] as number);
    try {
      const id = this.#rules.setId(nal);
      if (id > 255) return undefined;
      const key = type * 256 + id;
      const known = this.#sets.get(key);
      if (known && equal(known.bytes, nal)) return key;
      if (!known && this.#sets.size >= MAX_SETS) return undefined;
      const format = type === this.#rules.spsType ? this.#rules.parseSps(nal) : this.#format;
      this.#format = format;
      this.#sets.set(key, { type, bytes: nal.slice() });
      this.version++;
      return key;
    } catch (error) {
      if (error instanceof FluxError) return undefined;
      throw error;
    }
  }

  /** Whether a decoder could start. */
  get complete(): boolean {
    return this.#rules.requiredSets.every((type) => this.#has(type));
  }

  /** Annex B of the sets whose keys are not in `present`, in the order in which a decoder needs them. */
  missing(present: ReadonlySet<number>): Uint8Array | undefined {
    const parts: number[] = [];
    for (const type of this.#rules.requiredSets) {
      for (const [key, set] of this.#sets) {
        if (set.type === type && !present.has(key)) parts.push(...START_CODE, ...set.bytes);
      }
    }
    return parts.length > 0 ? Uint8Array.from(parts) : undefined;
  }

  #has(type: number): boolean {
    for (const set of this.#sets.values()) if (set.type === type) return true;
    return false;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
