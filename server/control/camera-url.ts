import { FluxError } from "../../shared/lib/errors.ts";
import { canonicalHost, type OutboundGuard } from "../net/outbound-guard.ts";

export interface CameraUrl {
  /** rtsp:// or rtsps://, without credentials and fragment. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
}

const DEFAULT_PORT = { rtsp: 554, rtsps: 322 } as const;
// The last @ before the first / ends the credentials: passwords with @ in them are common, and so are unescaped ones.
const SHAPE =
  /^(rtsps?):\/\/(?:([^/?#\\]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?((?:[/?][^#]*)?)(?:#.*)?$/i;
/** RFC 3986: everything else (spaces, quotes, pipes, control characters) must be percent-encoded. */
const PATH = /^(?:[A-Za-z0-9\-._~:/?[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/;

/**
 * Takes a camera's address apart and checks it. Throws `camera.bad_url`; `field` names the input at fault.
 * A name is checked again at every connect, when it has become an address. `guard` is left out for one that is stored.
 */
export function parseCameraUrl(text: string, field: string, guard?: OutboundGuard): CameraUrl {
  const fail = (reason: string): never => {
    throw new FluxError("camera.bad_url", reason, { field });
  };
  const [, scheme = "", credentials, host = "", portText, path = ""] = SHAPE.exec(text.trim()) ?? [];
  if (scheme === "") return fail("must look like rtsp://host:port/path or rtsps://...");
  if (!PATH.test(path)) return fail("has a character in its path that must be percent-encoded");
  const protocol = scheme.toLowerCase() as "rtsp" | "rtsps";
  const port = portText === undefined ? DEFAULT_PORT[protocol] : Number(portText);
  if (port < 1 || port > 65535) return fail("port must be from 1 to 65535");
  const name = urlHost(host) ?? fail("host is not a valid name or address");
  try {
    guard?.checkTarget("camera", name, port);
  } catch (error) {
    return fail(error instanceof FluxError ? error.message : "host is not allowed");
  }
  const [username, password] = splitCredentials(credentials, fail);
  const portPart = portText === undefined ? "" : `:${port}`;
  return { url: `${protocol}://${name}${portPart}${path}`, host: name, port, username, password };
}

/** As a web address writes it; undefined for what is no host. */
function urlHost(host: string): string | undefined {
  if (!URL.canParse(`http://${host}/`)) return undefined;
  const name = canonicalHost(host);
  return name.includes(":") ? `[${name}]` : name;
}

function splitCredentials(
  text: string | undefined,
  fail: (reason: string) => never,
): readonly [username?: string | undefined, password?: string | undefined] {
  if (text === undefined || text === "") return [];
  const colon = text.indexOf(":");
  const username = decode(colon < 0 ? text : text.slice(0, colon));
  const password = colon < 0 ? undefined : decode(text.slice(colon + 1));
  if (hasControlCharacters(username) || hasControlCharacters(password ?? ""))
    fail("credentials hold control characters");
  return [username, password];
}

/** Undecodable text is taken as it stands: a % in a password that nobody escaped. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
