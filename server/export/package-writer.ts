import { createHash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { configure, ZipWriter } from "@zip.js/zip.js";
import type { ManifestFile, ManifestMedia } from "../../shared/evidence/manifest.ts";

const PIECE_BYTES = 1024 * 1024;

/** Writes the .zip: stored, streamed, beyond 4 GB where needed. Everything passes through memory once, in small pieces. */
export class PackageWriter {
  /** What the manifest lists, in order. */
  readonly files: ManifestFile[] = [];
  readonly #file: FileHandle;
  readonly #zip: ZipWriter<unknown>;
  readonly #hash = createHash("sha256");
  readonly #date: Date;
  readonly #signal: AbortSignal;
  #bytes = 0;

  private constructor(file: FileHandle, date: Date, signal: AbortSignal) {
    configure({ useWebWorkers: false });
    this.#file = file;
    this.#date = date;
    this.#signal = signal;
    const sink = new WritableStream<Uint8Array>({
      write: async (piece) => {
        this.#hash.update(piece);
        for (let done = 0; done < piece.byteLength; ) {
          const { bytesWritten } = await file.write(piece, done, piece.byteLength - done, this.#bytes);
          done += bytesWritten;
          this.#bytes += bytesWritten;
        }
      },
    });
    this.#zip = new ZipWriter(sink, { level: 0, extendedTimestamp: false });
  }

  static async create(path: string, date: Date, signal: AbortSignal): Promise<PackageWriter> {
    return new PackageWriter(await open(path, "wx", 0o600), date, signal);
  }

  /** Moves a finished file into the package. */
  async addFile(path: string, name: string, kind: ManifestFile["kind"], media: ManifestMedia | null): Promise<void> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      const readable = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          if (this.#signal.aborted) return controller.error(this.#signal.reason);
          const { bytesRead, buffer } = await file.read(new Uint8Array(PIECE_BYTES), 0, PIECE_BYTES);
          if (bytesRead === 0) controller.close();
          else controller.enqueue(buffer.subarray(0, bytesRead));
        },
      });
      await this.#add(name, kind, media, readable, size);
    } finally {
      await file.close();
    }
    await rm(path);
  }

  /** `listed`: in the manifest; the manifest and its signature are not. */
  async addBytes(name: string, bytes: Uint8Array, kind: ManifestFile["kind"], listed = true): Promise<void> {
    const readable = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    await this.#add(name, kind, null, readable, bytes.byteLength, listed);
  }

  /** Ends the .zip, safely on disk. */
  async finish(): Promise<{ bytes: number; sha256: string }> {
    await this.#zip.close();
    await this.#file.sync();
    await this.#file.close();
    return { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
  }

  async abandon(): Promise<void> {
    await this.#file.close().catch(() => undefined);
  }

  async #add(
    name: string,
    kind: ManifestFile["kind"],
    media: ManifestMedia | null,
    readable: ReadableStream<Uint8Array>,
    size: number,
    listed = true,
  ): Promise<void> {
    const hash = createHash("sha256");
    let bytes = 0;
    const tee = new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        hash.update(piece);
        bytes += piece.byteLength;
        controller.enqueue(piece);
      },
    });
    const input = { readable: readable.pipeThrough(tee), size };
    await this.#zip.add(name, input as never, { level: 0, lastModDate: this.#date, uncompressedSize: size });
    if (listed) this.files.push({ name, kind, bytes, sha256: hash.digest("hex"), media });
  }
}
