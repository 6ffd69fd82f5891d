import { eq } from "drizzle-orm";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { Lane } from "../core/lane.ts";
import type { Orm } from "../db/database.ts";
import { segments } from "../db/schema/index.ts";
import type { SegmentStore } from "./stores/segment-store.ts";

/** Reads a part of a segment, wherever it lies now. */
export type ReadSegment = (segmentId: number, offset: number, length: number) => Promise<Uint8Array>;

interface Place {
  readonly volumeId: string;
  readonly path: string;
}

const MOST_PLACES = 10_000;
const MOST_BYTES = 8 * 1024 * 1024;
/** At once per volume, and waiting: a bucket that hangs holds up no other. */
const AT_ONCE = 16;
const MOST_WAITING = 512;

/**
 * The bytes of segments that playback and exports cannot open as files: those in buckets, and those that were moved after
 * they had been found.
 */
export class ArchiveReader {
  readonly #orm: Orm;
  readonly #store: (volumeId: string) => SegmentStore;
  readonly #places = new Map<number, Place>();
  readonly #lanes = new Map<string, Lane>();

  constructor(orm: Orm, store: (volumeId: string) => SegmentStore) {
    this.#orm = orm;
    this.#store = store;
  }

  /** It is elsewhere from now on. */
  moved(segmentId: number): void {
    this.#places.delete(segmentId);
  }

  /** Throws `archive.gone`, `archive.busy`, `storage.*`. */
  async read(segmentId: number, offset: number, length: number): Promise<Uint8Array> {
    if (!(offset >= 0) || !(length >= 0) || length > MOST_BYTES) {
      throw new FluxError("archive.bad_range", "no such part of a recording");
    }
    const known = this.#places.get(segmentId);
    try {
      return await this.#from(known ?? (await this.#find(segmentId)), offset, length);
    } catch (error) {
      const place = known ?? this.#places.get(segmentId);
      this.#places.delete(segmentId);
      if (errorCode(error) !== "storage.no_object") throw error;
      // Moved between the look-up and the read: once more, from where it is now.
      const now = await this.#find(segmentId);
      if (now.volumeId === place?.volumeId && now.path === place.path) throw error;
      return this.#from(now, offset, length);
    }
  }

  async #find(segmentId: number): Promise<Place> {
    const { volumeId, path } = segments;
    const [place] = await this.#orm.select({ volumeId, path }).from(segments).where(eq(segments.id, segmentId));
    if (!place) throw new FluxError("archive.gone", "the recording is not there any more");
    const [oldest] = this.#places.keys();
    if (this.#places.size >= MOST_PLACES && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(segmentId, place);
    return place;
  }

  #from({ volumeId, path }: Place, offset: number, length: number): Promise<Uint8Array> {
    let lane = this.#lanes.get(volumeId);
    if (!lane) {
      lane = new Lane(AT_ONCE, MOST_WAITING);
      this.#lanes.set(volumeId, lane);
    }
    return lane.run(() => this.#store(volumeId).read(path, offset, length));
  }
}
