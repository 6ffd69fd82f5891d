import type { ByteSource } from "./segment-reader.ts";

/** Bytes of a segment that is not a file here; fewer than asked for at its end. */
export type FetchBytes = (segmentId: number, offset: number, length: number) => Promise<Uint8Array>;

export interface ObjectReaderOptions {
  /** Held in memory for all segments together. */
  readonly maxBytes?: number;
  /** Asked for at once, and kept. */
  readonly blockBytes?: number;
  /** Blocks that are fetched before they are asked for, while somebody reads on in either direction. */
  readonly ahead?: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
const BLOCK_BYTES = 512 * 1024;
const AHEAD = 3;

interface Block {
  readonly bytes: Promise<Uint8Array>;
  readonly size: number;
}

/**
 * Reads segments in cold storage block by block: each block is fetched once, kept while there is room (least recently used
 * goes first), and the next ones are on their way before they are needed. What fails is fetched anew when it is asked for
 * again.
 */
export class ObjectReader {
  readonly #fetch: FetchBytes;
  readonly #maxBytes: number;
  readonly #blockBytes: number;
  readonly #ahead: number;
  readonly #blocks = new Map<string, Block>();
  #held = 0;

  constructor(fetch: FetchBytes, options: ObjectReaderOptions = {}) {
    this.#fetch = fetch;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#blockBytes = options.blockBytes ?? BLOCK_BYTES;
    this.#ahead = options.ahead ?? AHEAD;
  }

  get heldBytes(): number {
    return this.#held;
  }

  source(segmentId: number, bytes: number): ByteSource {
    let last: number | undefined;
    return {
      bytes,
      readAt: async (offset, length) => {
        const end = Math.min(bytes, offset + length);
        if (offset >= end) return new Uint8Array(0);
        const first = Math.floor(offset / this.#blockBytes);
        const final = Math.floor((end - 1) / this.#blockBytes);
        const blocks = [];
        for (let block = first; block <= final; block++) blocks.push(this.#block(segmentId, bytes, block).bytes);
        this.#readAhead(segmentId, bytes, last, first, final);
        last = final;
        return cut(await Promise.all(blocks), offset - first * this.#blockBytes, end - offset);
      },
      close: () => Promise.resolve(),
    };
  }

  #readAhead(segmentId: number, bytes: number, last: number | undefined, first: number, final: number): void {
    if (last === undefined) return;
    const count = Math.ceil(bytes / this.#blockBytes);
    const forward = first === last + 1 || (first === last && final > last);
    const backward = final === last - 1;
    for (let step = 1; step <= this.#ahead && (forward || backward); step++) {
      const block = forward ? final + step : first - step;
      if (block >= 0 && block < count) this.#block(segmentId, bytes, block);
    }
  }

  #block(segmentId: number, bytes: number, block: number): Block {
    const key = `${segmentId} ${block}`;
    const known = this.#blocks.get(key);
    if (known) {
      // The order of insertion is the order of use.
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known;
    }
    const offset = block * this.#blockBytes;
    const size = Math.min(this.#blockBytes, bytes - offset);
    const made: Block = { bytes: this.#fetch(segmentId, offset, size), size };
    this.#blocks.set(key, made);
    this.#held += size;
    // Whoever waits for it hears of it; it is not kept.
    made.bytes.catch(() => this.#drop(key, made));
    this.#evict(key);
    return made;
  }

  #evict(newest: string): void {
    for (const [key, block] of this.#blocks) {
      if (this.#held <= this.#maxBytes || key === newest) return;
      this.#drop(key, block);
    }
  }

  #drop(key: string, block: Block): void {
    if (this.#blocks.get(key) !== block) return;
    this.#blocks.delete(key);
    this.#held -= block.size;
  }
}

function cut(blocks: readonly Uint8Array[], offset: number, length: number): Uint8Array {
  const [only] = blocks;
  if (blocks.length === 1 && only) return only.subarray(offset, offset + length);
  return Buffer.concat(blocks).subarray(offset, offset + length);
}
