import type { ByteSource } from "../../record/segment-reader.ts";

export interface StoredFile {
  /** Below the volume: `<camera id>/<YYYYMMDD>/<unix seconds>-<stream id>`. */
  readonly path: string;
  readonly bytes: number;
}

export interface PutOptions {
  readonly signal: AbortSignal;
  /** Resolves when so many more bytes may be written; also tells how far it is. */
  readonly pace: (bytes: number) => Promise<void>;
}

/** What of a volume's files moves, retention, playback and `check` need; a folder or a bucket. */
export interface SegmentStore {
  readonly volumeId: string;
  /** Throws unless the volume is there and is ours: an unmounted disk leaves an empty folder behind. */
  probe(): Promise<void>;
  /** Marks it as ours. Throws `storage.other_volume` where it is another's. */
  claim(): Promise<void>;
  /** What looks like a segment, page by page. */
  list(): AsyncGenerator<readonly StoredFile[]>;
  /** Bytes; undefined: there is no such file. */
  size(path: string): Promise<number | undefined>;
  /** At most `length` bytes, for somebody who waits. Throws `storage.no_object`. */
  read(path: string, offset: number, length: number): Promise<Uint8Array>;
  /** Throws `storage.no_object` when there is none. */
  open(path: string): Promise<ByteSource>;
  /** Durable, and compared with the source, or it throws; until then nothing is seen under this name. */
  put(path: string, source: ByteSource, options: PutOptions): Promise<void>;
  /** One that is not there is gone already. */
  remove(path: string): Promise<void>;
  /** What `put` left of itself when it was cut off; finished files stay. */
  leftovers(): Promise<readonly string[]>;
  /** Removes one of them, or what is left for a path. */
  discard(path: string): Promise<void>;
}

/** Read, written and compared in pieces of this size. */
export const PIECE_BYTES = 8 * 1024 * 1024;

export const CAMERA_FOLDER = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const DAY_FOLDER = /^\d{8}$/;
export const SEGMENT_NAME = /^\d{1,12}-\d{1,10}(-\d{1,3})?$/;

/** A path as recorders make it: nothing else is read, and nothing else is removed. */
export function isSegmentPath(path: string): boolean {
  const [camera = "", day = "", name = "", ...more] = path.split("/");
  return more.length === 0 && CAMERA_FOLDER.test(camera) && DAY_FOLDER.test(day) && SEGMENT_NAME.test(name);
}
