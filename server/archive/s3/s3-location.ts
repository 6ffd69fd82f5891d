import { FluxError } from "../../../shared/lib/errors.ts";

/** A bucket, or a part of one, as an administrator names it: `https://host[:port]/bucket[/prefix]`. */
export interface S3Location {
  readonly origin: string;
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  readonly region: string;
  readonly pathStyle: boolean;
}

const DEFAULT_REGION = "us-east-1";
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Only what is written alike in every encoding: signatures cover the path byte for byte. */
const PREFIX = /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/;

/** Throws `storage.bad_location`. */
export function parseS3Location(text: string, region: string | null, pathStyle: boolean): S3Location {
  // What is escaped or relative would be something else once it is read.
  if (!URL.canParse(text) || /[%\\\s]|\/\.\.?(\/|$)/.test(text)) throw bad("https://host/bucket, written plainly");
  const url = new URL(text);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw bad("https://host/bucket");
  if (url.username !== "" || url.password !== "") throw bad("an address without name and password");
  if (url.search !== "" || url.hash !== "") throw bad("an address without ? and #");
  const [bucket = "", ...rest] = url.pathname.replace(/^\/+|\/+$/g, "").split("/");
  if (!BUCKET.test(bucket)) throw bad("https://host/bucket, and the bucket 3 to 63 of a-z, 0-9, . and -");
  const prefix = rest.join("/");
  if (prefix !== "" && (!PREFIX.test(prefix) || rest.some((part) => part === "." || part === ".."))) {
    throw bad("a prefix of letters, digits, . _ - and /");
  }
  if (!pathStyle && /^(\d|\[)/.test(url.hostname)) throw bad("a name, not an address, where the bucket is part of it");
  return {
    origin: url.origin,
    bucket,
    prefix: prefix === "" ? "" : `${prefix}/`,
    region: region ?? DEFAULT_REGION,
    pathStyle,
  };
}

/** Where a key, or the bucket itself (empty key), is asked for. */
export function urlOf({ origin, bucket, pathStyle }: S3Location, key: string, query: URLSearchParams): URL {
  const url = new URL(origin);
  if (pathStyle) url.pathname = `/${bucket}${key === "" ? "" : `/${key}`}`;
  else {
    url.hostname = `${bucket}.${url.hostname}`;
    url.pathname = `/${key}`;
  }
  url.search = query.toString();
  return url;
}

function bad(wanted: string): FluxError {
  return new FluxError("storage.bad_location", `must be ${wanted}`, { field: "location" });
}
