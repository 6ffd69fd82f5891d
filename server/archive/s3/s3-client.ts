import { createHash } from "node:crypto";
import { errorCode, FluxError } from "../../../shared/lib/errors.ts";
import { type S3Parts, type S3Request, type S3Response, s3Request } from "./s3-request.ts";
import { escapeXml, type ListedObject, readObjectPage, readUploads, textOf, type UnfinishedUpload } from "./s3-xml.ts";

/** A signal ends the request at once, also while it waits for its next try. */
export interface S3Options {
  readonly signal?: AbortSignal | undefined;
  /** Default 4. */
  readonly attempts?: number;
}

export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
}

const SMALL = 64 * 1024;
const LISTING = 4 * 1024 * 1024;
const MOST_PAGES = 100_000;

/** What of S3 is needed, for one bucket and prefix; keys are below the prefix. Errors: see `s3Request`. */
export class S3Client {
  readonly #parts: S3Parts;

  constructor(parts: S3Parts) {
    this.#parts = parts;
  }

  /** Bytes of an object; undefined: there is none. */
  async size(key: string, options: S3Options = {}): Promise<{ bytes: number; etag: string } | undefined> {
    try {
      const { headers } = await this.#send({ method: "HEAD", key, maxBytes: 0, ...options });
      return { bytes: Number(headers.get("content-length")), etag: plain(headers.get("etag")) };
    } catch (error) {
      if (errorCode(error) === "storage.no_object") return undefined;
      throw error;
    }
  }

  /** Exactly `length` bytes, or fewer at the end. */
  async read(key: string, offset: number, length: number, options: S3Options = {}): Promise<Uint8Array> {
    if (length <= 0) return new Uint8Array(0);
    const headers = { range: `bytes=${offset}-${offset + length - 1}` };
    const { status, body } = await this.#send({ method: "GET", key, headers, maxBytes: length, ...options });
    if (status !== 206 && !(status === 200 && offset === 0)) {
      throw new FluxError("storage.refused", `the bucket does not answer to ranges (status ${status})`);
    }
    return body;
  }

  /** Resolves to the object's ETag. The bucket verifies SHA-256 of the body where it checks signatures. */
  async put(key: string, body: Uint8Array, options: S3Options = {}): Promise<string> {
    const { headers } = await this.#send({ method: "PUT", key, body, headers: SEALED, maxBytes: SMALL, ...options });
    return plain(headers.get("etag"));
  }

  /** One that is not there is gone already. */
  async remove(key: string, options: S3Options = {}): Promise<void> {
    try {
      await this.#send({ method: "DELETE", key, maxBytes: SMALL, ...options });
    } catch (error) {
      if (errorCode(error) !== "storage.no_object") throw error;
    }
  }

  async beginUpload(key: string, options: S3Options = {}): Promise<string> {
    const query = { uploads: "" };
    const { body } = await this.#send({ method: "POST", key, query, headers: SEALED, maxBytes: SMALL, ...options });
    const uploadId = textOf(textFrom(body), "UploadId");
    if (!uploadId) throw new FluxError("storage.refused", "the bucket gave no number for an upload");
    return uploadId;
  }

  async putPart(key: string, uploadId: string, number: number, body: Uint8Array, options: S3Options = {}) {
    const query = { partNumber: String(number), uploadId };
    const { headers } = await this.#send({ method: "PUT", key, query, body, maxBytes: SMALL, ...options });
    const etag = plain(headers.get("etag"));
    if (etag === "") throw new FluxError("storage.refused", "the bucket gave no ETag for a part");
    return { number, etag } satisfies UploadedPart;
  }

  /** Resolves to the object's ETag. */
  async completeUpload(key: string, uploadId: string, parts: readonly UploadedPart[], options: S3Options = {}) {
    const list = parts.map(({ number, etag }) => {
      return `<Part><PartNumber>${number}</PartNumber><ETag>${escapeXml(`"${etag}"`)}</ETag></Part>`;
    });
    const text = `<CompleteMultipartUpload>${list.join("")}</CompleteMultipartUpload>`;
    const body = new Uint8Array(Buffer.from(text, "utf8"));
    const { body: answer } = await this.#send({
      method: "POST",
      key,
      query: { uploadId },
      body,
      maxBytes: SMALL,
      ...options,
    });
    const xml = textFrom(answer);
    // The status is sent before the parts are put together: an error may come with 200.
    const code = textOf(xml, "Code");
    if (xml.includes("<Error>") || code !== undefined) {
      throw new FluxError("storage.refused", `the bucket could not put the parts together (${code ?? "no reason"})`);
    }
    return plain(textOf(xml, "ETag") ?? "");
  }

  /** One that is not there is gone already. */
  async abortUpload(key: string, uploadId: string, options: S3Options = {}): Promise<void> {
    try {
      await this.#send({ method: "DELETE", key, query: { uploadId }, maxBytes: SMALL, ...options });
    } catch (error) {
      if (errorCode(error) !== "storage.no_object") throw error;
    }
  }

  /** Uploads that were begun and neither completed nor aborted. Empty where the bucket cannot tell. */
  async uploads(prefix: string, options: S3Options = {}): Promise<UnfinishedUpload[]> {
    try {
      const query = { uploads: "", prefix: this.#key(prefix), "encoding-type": "url" };
      const { body } = await this.#send({ method: "GET", key: "", bucket: true, query, maxBytes: LISTING, ...options });
      return readUploads(textFrom(body)).flatMap(({ key, uploadId }) => {
        const own = this.#own(key);
        return own === undefined ? [] : [{ key: own, uploadId }];
      });
    } catch (error) {
      // 501 and the like: not every store can list them.
      if (errorCode(error) === "storage.refused") return [];
      throw error;
    }
  }

  /** Every object below `prefix`, a page at a time, in the bucket's order. */
  async *list(prefix: string, options: S3Options = {}): AsyncGenerator<readonly ListedObject[]> {
    let token: string | undefined;
    for (let page = 0; page < MOST_PAGES; page++) {
      const query = {
        "list-type": "2",
        prefix: this.#key(prefix),
        "encoding-type": "url",
        ...(token === undefined ? {} : { "continuation-token": token }),
      };
      const { body } = await this.#send({ method: "GET", key: "", bucket: true, query, maxBytes: LISTING, ...options });
      const { objects, next } = readObjectPage(textFrom(body));
      yield objects.flatMap(({ key, bytes }) => {
        const own = this.#own(key);
        return own === undefined ? [] : [{ key: own, bytes }];
      });
      if (next === undefined || next === token) return;
      token = next;
    }
  }

  #send({ bucket, ...request }: S3Request & { readonly bucket?: boolean }): Promise<S3Response> {
    return s3Request(this.#parts, { ...request, key: bucket ? "" : this.#key(request.key) });
  }

  #key(key: string): string {
    return `${this.#parts.location.prefix}${key}`;
  }

  #own(key: string): string | undefined {
    const { prefix } = this.#parts.location;
    return key.startsWith(prefix) ? key.slice(prefix.length) : undefined;
  }
}

const SEALED = { "content-type": "application/octet-stream" };

/** What S3 answers as the ETag of an object that was put whole, without encryption by a key of a customer's. */
export function md5(bytes: Uint8Array): string | undefined {
  try {
    return createHash("md5").update(bytes).digest("hex");
  } catch {
    // Not there in FIPS mode: then what was stored is read back.
    return undefined;
  }
}

function plain(etag: string | null): string {
  return (etag ?? "").replace(/^W\//, "").replaceAll('"', "");
}

function textFrom(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
