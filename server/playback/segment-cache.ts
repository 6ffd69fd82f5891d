import { sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { KeyframeEntry, SegmentIndex } from "../../shared/wire/segment-file.ts";
import {
  type ByteSource,
  frameHeaders,
  IndexBuilder,
  type OpenedSegment,
  openFileSource,
  openSegment,
} from "../record/segment-reader.ts";
import { readableTo, type SalvagedSegment, salvageSegment } from "../record/segment-salvage.ts";
import type { ArchiveSegment } from "../relay/protocol.ts";

/** How the bytes of a segment come here that is no file, or none any more. */
export type OpenObject = (segmentId: number, bytes: number) => ByteSource;

export interface ReadableSegment {
  readonly keyframes: readonly KeyframeEntry[];
  /** Where the frames end. */
  readonly dataEnd: number;
  /** Where frames end that follow one another from `offset` on, at the latest `end`: behind it something is broken. */
  readableTo(offset: number, end: number): number;
  readAt(offset: number, length: number): Promise<Uint8Array>;
}

interface Entry {
  readonly opened: Promise<Growing>;
  users: number;
  evicted: boolean;
}

/** An index that goes on where it ended, as the file grows. */
class Growing implements ReadableSegment {
  readonly #source: ByteSource;
  readonly #segment: OpenedSegment | SalvagedSegment;
  readonly #builder: IndexBuilder | undefined;
  #index: SegmentIndex;
  #reading: Promise<void> = Promise.resolve();

  private constructor(source: ByteSource, segment: OpenedSegment | SalvagedSegment, builder: IndexBuilder | undefined) {
    this.#source = source;
    this.#segment = segment;
    this.#builder = builder;
    this.#index = segment.index;
  }

  static async open(source: ByteSource, segment: ArchiveSegment): Promise<Growing> {
    try {
      if (segment.closed) return new Growing(source, await salvageSegment(source), undefined);
      const opened = await openSegment(source, 256);
      const growing = new Growing(source, opened, new IndexBuilder());
      await growing.reach(segment.bytes);
      return growing;
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get keyframes(): readonly KeyframeEntry[] {
    return this.#index.keyframes;
  }
  get dataEnd(): number {
    return this.#index.dataEnd;
  }

  /** Looks at the frames up to `bytes`, where they were not seen yet. */
  reach(bytes: number): Promise<void> {
    const builder = this.#builder;
    if (!builder || bytes <= this.#index.dataEnd) return Promise.resolve();
    this.#reading = this.#reading
      .catch(() => undefined)
      .then(async () => {
        let end = this.#index.dataEnd;
        for await (const { header, at } of frameHeaders(this.#source, bytes, end)) {
          builder.add(header, at);
          end = at + sealedFrameBytes(header.length);
        }
        this.#index = builder.finish(end);
      });
    return this.#reading;
  }

  readableTo(offset: number, end: number): number {
    return "stretches" in this.#segment ? readableTo(this.#segment, offset, end) : end;
  }

  readAt(offset: number, length: number): Promise<Uint8Array> {
    return this.#segment.readAt(offset, length);
  }

  close(): Promise<void> {
    return this.#segment.close();
  }
}

/** Each holds a file descriptor and an index of about 24 bytes a second of footage. */
const MOST_OPEN = 256;

/** Opened segments, the least recently used closed first. What is in use stays open until it is given back. */
export class SegmentCache {
  readonly #openObject: OpenObject;
  readonly #entries = new Map<string, Entry>();

  constructor(openObject: OpenObject) {
    this.#openObject = openObject;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Runs `use` with the segment open. Throws `segment.*` and the system's errors: the file is gone, or none of ours. */
  async use<T>(segment: ArchiveSegment, use: (opened: ReadableSegment) => Promise<T>): Promise<T> {
    const { place } = segment;
    const where = place.kind === "file" ? place.path : `${place.volumeId}/${place.key}`;
    const key = `${segment.closed ? "closed" : "open"} ${where}`;
    const entry = this.#entries.get(key) ?? this.#open(key, segment);
    // The order of insertion is the order of use.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      const opened = await entry.opened;
      await opened.reach(segment.bytes);
      return await use(opened);
    } catch (error) {
      this.#evict(key, entry);
      throw error;
    } finally {
      entry.users--;
      if (entry.evicted && entry.users === 0) this.#close(entry);
    }
  }

  close(): void {
    for (const [key, entry] of this.#entries) this.#evict(key, entry);
  }

  #open(key: string, segment: ArchiveSegment): Entry {
    const opened = this.#source(segment).then((source) => Growing.open(source, segment));
    const entry: Entry = { opened, users: 0, evicted: false };
    // Whoever waits for it hears of it.
    opened.catch(() => undefined);
    if (this.#entries.size >= MOST_OPEN) {
      const oldest = this.#entries.entries().next().value;
      if (oldest) this.#evict(...oldest);
    }
    this.#entries.set(key, entry);
    return entry;
  }

  async #source({ segmentId, place, bytes, closed }: ArchiveSegment): Promise<ByteSource> {
    if (place.kind === "object") return this.#openObject(segmentId, bytes);
    try {
      return await openFileSource(place.path);
    } catch (error) {
      // Moved to another tier after it was found.
      if (!closed || (error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      return this.#openObject(segmentId, bytes);
    }
  }

  #evict(key: string, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#entries.delete(key);
    if (entry.evicted) return;
    entry.evicted = true;
    if (entry.users === 0) this.#close(entry);
  }

  #close(entry: Entry): void {
    entry.opened
      .then((opened) => opened.close())
      .catch(() => {
        // It never opened, or its disk is gone.
      });
  }
}
