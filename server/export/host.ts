import type { KeyName } from "../../shared/evidence/frame-opener.ts";
import type { PackageKey } from "../../shared/evidence/key-file.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { ExportAnswer, ExportQuestion, FromExport, ToExport } from "./protocol.ts";

/** What an export needs of the main thread. */
export interface ExportHost {
  /** Throws `keys.*`. */
  key(name: KeyName): Promise<PackageKey>;
  /** ECDSA P-256 over SHA-256, base64. */
  sign(bytes: Uint8Array<ArrayBuffer>): Promise<string>;
  /** Of a segment that is no file here, or none any more. Throws `archive.*`, `storage.*`. */
  readSegment(segmentId: number, offset: number, length: number): Promise<Uint8Array>;
  /** 0 to 1. */
  progress(fraction: number): void;
  /** Ends the work when it is aborted. */
  readonly signal: AbortSignal;
}

interface Waiting {
  resolve(answer: ExportAnswer): void;
  reject(error: unknown): void;
}

/** The main thread as seen from the export thread. */
export class RemoteHost implements ExportHost {
  readonly #post: (message: FromExport) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #abort = new AbortController();
  #asked = 0;
  #permille = -1;

  constructor(post: (message: FromExport) => void) {
    this.#post = post;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  handle(message: ToExport): void {
    if (message.type === "cancel") {
      this.#abort.abort(new FluxError("export.cancelled", "cancelled"));
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.type === "answer") waiting?.resolve(message.answer);
    else waiting?.reject(new FluxError(message.code, message.message));
  }

  async key(name: KeyName): Promise<PackageKey> {
    return (await this.#ask({ kind: "key", name })) as PackageKey;
  }

  async sign(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
    return (await this.#ask({ kind: "sign", bytes })) as string;
  }

  async readSegment(segmentId: number, offset: number, length: number): Promise<Uint8Array> {
    return (await this.#ask({ kind: "object", segmentId, offset, length })) as Uint8Array;
  }

  progress(fraction: number): void {
    const permille = Math.max(0, Math.min(1000, Math.round(fraction * 1000)));
    if (permille === this.#permille) return;
    this.#permille = permille;
    this.#post({ type: "progress", permille });
  }

  #ask(question: ExportQuestion): Promise<ExportAnswer> {
    const id = ++this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post({ type: "ask", id, question });
    });
  }
}
