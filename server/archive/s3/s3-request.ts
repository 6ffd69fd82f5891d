import { createHash } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import type { Clock } from "../../../shared/lib/clock.ts";
import { describeError, errorCode, FluxError } from "../../../shared/lib/errors.ts";
import { millis } from "../../../shared/lib/time.ts";
import { wait } from "../wait.ts";
import { type S3Location, urlOf } from "./s3-location.ts";
import { textOf } from "./s3-xml.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Parts {
  readonly location: S3Location;
  readonly credentials: S3Credentials;
  readonly clock: Clock;
  readonly random: () => number;
  /** Guarded: it decides which addresses may be reached. */
  readonly fetch: typeof fetch;
}

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** With the prefix; empty: the bucket. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** More than so many bytes in an answer are an error. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Default 4; 1: no second try. */
  readonly attempts?: number;
}

export interface S3Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 250;
const MOST_DELAY_MS = 5000;
/** For an answer to come, and in addition for the bytes at so many per second. */
const TIMEOUT_MS = 10_000;
const SLOWEST_BYTES_PER_MS = 128;
/** Of an answer that says what is wrong. */
const ERROR_BYTES = 64 * 1024;

/**
 * One signed request, repeated with growing delays where that may help. Throws `storage.no_object` (404), `storage.denied`
 * (401, 403), `storage.refused` (other answers), `storage.unreachable` (no answer, or 5xx, after all tries), `net.refused`.
 */
export async function s3Request(parts: S3Parts, request: S3Request): Promise<S3Response> {
  const attempts = request.attempts ?? ATTEMPTS;
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(parts, request);
    } catch (error) {
      request.signal?.throwIfAborted();
      if (errorCode(error) !== "storage.unreachable" || attempt >= attempts) throw error;
      const delay = Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1)) * (0.5 + parts.random() / 2);
      await wait(parts.clock, delay, request.signal);
    }
  }
}

async function once(parts: S3Parts, request: S3Request): Promise<S3Response> {
  const { clock, location } = parts;
  const { body, maxBytes, signal, method } = request;
  const abort = new AbortController();
  const allowed = TIMEOUT_MS + ((body?.byteLength ?? 0) + (method === "HEAD" ? 0 : maxBytes)) / SLOWEST_BYTES_PER_MS;
  const timer = clock.after(millis(allowed), () => abort.abort(unreachable("it did not answer in time")));
  const onAbort = (): void => abort.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const url = urlOf(location, request.key, new URLSearchParams(request.query));
    const signed = await sign(parts, url, request);
    const response = await parts.fetch(signed.url.href, {
      method,
      headers: signed.headers,
      redirect: "manual",
      signal: abort.signal,
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const ok = response.status >= 200 && response.status <= 299;
    const most = ok ? maxBytes : Math.max(maxBytes, ERROR_BYTES);
    const bytes = method === "HEAD" ? new Uint8Array(0) : await readBody(response, most);
    if (!ok) throw failed(response.status, bytes, response.headers);
    return { status: response.status, headers: response.headers, body: bytes };
  } catch (error) {
    if (abort.signal.aborted && abort.signal.reason instanceof FluxError) throw abort.signal.reason;
    signal?.throwIfAborted();
    const code = errorCode(error) ?? "";
    if (code.startsWith("storage.") || code === "net.refused" || code === "net.bad_url") throw error;
    throw unreachable(describeError(innermost(error)), error);
  } finally {
    timer.cancel();
    signal?.removeEventListener("abort", onAbort);
  }
}

function sign({ location, credentials, clock }: S3Parts, url: URL, { method, headers, body }: S3Request) {
  return new AwsV4Signer({
    method,
    url: url.href,
    headers: {
      ...headers,
      "x-amz-content-sha256": createHash("sha256")
        .update(body ?? "")
        .digest("hex"),
    },
    ...credentials,
    service: "s3",
    region: location.region,
    datetime: new Date(clock.utcMicros() / 1000).toISOString().replace(/[:-]|\.\d{3}/g, ""),
    // The range too: what is asked for is what was signed.
    allHeaders: true,
  }).sign();
}

async function readBody(response: Response, maxBytes: number): Promise<Uint8Array> {
  if (!response.body) return new Uint8Array(0);
  const pieces: Uint8Array[] = [];
  let total = 0;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      total += value.byteLength;
      if (total > maxBytes)
        throw new FluxError("storage.refused", "the bucket's answer is longer than what was asked for");
      pieces.push(value);
    }
  } finally {
    reader.releaseLock();
    if (total > maxBytes) await response.body.cancel().catch(() => undefined);
  }
  const [only] = pieces;
  return pieces.length === 1 && only ? only : new Uint8Array(Buffer.concat(pieces, total));
}

function failed(status: number, body: Uint8Array, headers: Headers): FluxError {
  const xml = Buffer.from(body.subarray(0, 4096)).toString("utf8");
  const reason = (textOf(xml, "Code") ?? "").replace(/[^A-Za-z0-9.]/g, "").slice(0, 60);
  const said = reason === "" ? `status ${status}` : `status ${status}, ${reason}`;
  if (status === 404) return new FluxError("storage.no_object", `the bucket has no such object (${said})`);
  if (status === 401 || status === 403) return new FluxError("storage.denied", `the bucket refuses access (${said})`);
  if ((status >= 500 && status !== 501) || status === 429 || status === 408)
    return unreachable(`it answered with ${said}`);
  const region = headers.get("x-amz-bucket-region");
  const hint = status >= 300 && status < 400 && region !== null ? `; its region is ${region.slice(0, 40)}` : "";
  return new FluxError("storage.refused", `the bucket refused the request (${said}${hint})`);
}

function unreachable(why: string, cause?: unknown): FluxError {
  return new FluxError("storage.unreachable", `the bucket cannot be reached: ${why}`, { cause });
}

/** Of `fetch failed` its cause says why. */
function innermost(error: unknown): unknown {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner;
}
