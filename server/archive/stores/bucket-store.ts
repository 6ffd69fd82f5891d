import { createHash } from "node:crypto";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { ByteSource } from "../../record/segment-reader.ts";
import { MARKER_FILE } from "../../record/volume-io.ts";
import { md5, type S3Client, type UploadedPart } from "../s3/s3-client.ts";
import { isSegmentPath, PIECE_BYTES, type PutOptions, type SegmentStore, type StoredFile } from "./segment-store.ts";

/** S3 takes 10,000 parts of an object at most. */
const MOST_PARTS = 9_000;
/** Up to here in one request. */
const WHOLE_BYTES = 2 * PIECE_BYTES;
const MARKER_BYTES = 256;

/** Segments as objects of an S3-compatible bucket, under their paths. */
export class BucketStore implements SegmentStore {
  readonly volumeId: string;
  readonly #client: S3Client;

  constructor(volumeId: string, client: S3Client) {
    this.volumeId = volumeId;
    this.#client = client;
  }

  async probe(): Promise<void> {
    // Asked for often: what fails now is tried again soon.
    if ((await this.#marker(1)) === this.volumeId) return;
    throw new FluxError("storage.other_volume", "the bucket is not marked as this volume");
  }

  async claim(): Promise<void> {
    const found = await this.#marker(2).catch((error: unknown) => {
      if (error instanceof FluxError && error.code === "storage.no_object") return undefined;
      throw error;
    });
    if (found === this.volumeId) return;
    if (found !== undefined) {
      throw new FluxError("storage.other_volume", "the bucket belongs to another volume or server", {
        field: "location",
      });
    }
    await this.#client.put(MARKER_FILE, new Uint8Array(Buffer.from(`${this.volumeId}\n`)), { attempts: 2 });
    // Who may write, but neither read nor delete, is told now and not when footage is due.
    if ((await this.#marker(2)) === this.volumeId) return;
    throw new FluxError("storage.bad_location", "the bucket does not give back what was written", {
      field: "location",
    });
  }

  async *list(): AsyncGenerator<readonly StoredFile[]> {
    for await (const page of this.#client.list("")) {
      yield page.filter(({ key }) => isSegmentPath(key)).map(({ key: path, bytes }) => ({ path, bytes }));
    }
  }

  async size(path: string): Promise<number | undefined> {
    return (await this.#client.size(path))?.bytes;
  }

  read(path: string, offset: number, length: number): Promise<Uint8Array> {
    return this.#client.read(path, offset, length, { attempts: 2 });
  }

  async open(path: string): Promise<ByteSource> {
    const bytes = await this.size(path);
    if (bytes === undefined) throw new FluxError("storage.no_object", "the bucket has no such object");
    return {
      bytes,
      readAt: (offset, length) => this.#client.read(path, offset, Math.min(length, bytes - offset)),
      close: () => Promise.resolve(),
    };
  }

  async put(path: string, source: ByteSource, options: PutOptions): Promise<void> {
    const { signal } = options;
    const sent = source.bytes <= WHOLE_BYTES ? this.#whole(path, source, options) : this.#parts(path, source, options);
    const { sha256, verified } = await sent;
    const stored = await this.#client.size(path, { signal });
    if (stored?.bytes !== source.bytes) throw differs("its size");
    if (!verified && (await this.#hash(path, source.bytes, signal)) !== sha256) throw differs("its content");
  }

  async remove(path: string): Promise<void> {
    if (!isSegmentPath(path)) throw new FluxError("storage.refused", "not the name of a segment");
    await this.#client.remove(path);
  }

  async leftovers(): Promise<readonly string[]> {
    return [...new Set((await this.#client.uploads("")).map(({ key }) => key))].filter(isSegmentPath);
  }

  async discard(path: string): Promise<void> {
    for (const { key, uploadId } of await this.#client.uploads(path)) {
      if (key === path) await this.#client.abortUpload(key, uploadId);
    }
  }

  async #whole(path: string, source: ByteSource, { signal, pace }: PutOptions) {
    const bytes = await readWhole(source, 0, source.bytes);
    await pace(bytes.byteLength);
    const etag = await this.#client.put(path, bytes, { signal });
    return { sha256: createHash("sha256").update(bytes).digest("hex"), verified: etag === md5(bytes) };
  }

  async #parts(path: string, source: ByteSource, { signal, pace }: PutOptions) {
    const uploadId = await this.#client.beginUpload(path, { signal });
    try {
      const partBytes = Math.max(PIECE_BYTES, Math.ceil(source.bytes / MOST_PARTS));
      const whole = createHash("sha256");
      const parts: UploadedPart[] = [];
      let verified = true;
      for (let at = 0; at < source.bytes; at += partBytes) {
        const bytes = await readWhole(source, at, Math.min(partBytes, source.bytes - at));
        whole.update(bytes);
        await pace(bytes.byteLength);
        const part = await this.#client.putPart(path, uploadId, parts.length + 1, bytes, { signal });
        verified &&= part.etag === md5(bytes);
        parts.push(part);
      }
      const etag = await this.#client.completeUpload(path, uploadId, parts, { signal });
      // The parts are what was sent; that they were put together in order is seen from the whole's ETag.
      const expected = md5(Buffer.concat(parts.map((part) => Buffer.from(part.etag, "hex"))));
      return { sha256: whole.digest("hex"), verified: verified && etag === `${expected}-${parts.length}` };
    } catch (error) {
      // Parts of an upload that nobody completes are paid for and are seen by nobody.
      await this.#client.abortUpload(path, uploadId, { attempts: 1 }).catch(() => undefined);
      throw error;
    }
  }

  async #hash(path: string, bytes: number, signal: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      hash.update(await this.#client.read(path, at, Math.min(PIECE_BYTES, bytes - at), { signal }));
    }
    return hash.digest("hex");
  }

  async #marker(attempts: number): Promise<string> {
    const bytes = await this.#client.read(MARKER_FILE, 0, MARKER_BYTES, { attempts });
    return Buffer.from(bytes).toString("utf8").trim();
  }
}

async function readWhole(source: ByteSource, offset: number, length: number): Promise<Uint8Array> {
  const bytes = await source.readAt(offset, length);
  if (bytes.byteLength !== length) throw new FluxError("segment.short", "the file became shorter while it was copied");
  return bytes;
}

function differs(what: string): FluxError {
  return new FluxError("storage.not_verified", `${what} in the bucket is not what was sent`);
}
