import { FluxError } from "../../shared/lib/errors.ts";

export interface RtspUrl {
  readonly secure: boolean;
  /** Without brackets. */
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  /** As sent to the camera: without credentials. */
  readonly href: string;
  /** `rtsp://host:port`, for resolving absolute paths. */
  readonly origin: string;
}

const MAX_LENGTH = 2048;
const PATTERN = /^(rtsps?):\/\/(?:([^/?#]*)@)?(\[[0-9a-fA-F:.%]+\]|[\w.-]+)(?::(\d{1,5}))?([/?].*)?$/i;

/**
 * Reads a camera's address. Cameras use characters in paths that the URL standard escapes, so the path is kept as it is.
 * Throws `rtsp.address`.
 */
export function parseRtspUrl(text: string): RtspUrl {
  if (text.length > MAX_LENGTH) throw bad(`longer than ${MAX_LENGTH} characters`);
  // A line break here would let an address inject RTSP headers.
  if (hasControlOrSpace(text)) throw bad("it contains spaces or control characters");
  const match = PATTERN.exec(text);
  if (!match) throw bad("expected rtsp://host:port/path or rtsps://host:port/path");
  const [, scheme = "", userinfo, hostText = "", portText, path = "/"] = match;
  const secure = scheme.toLowerCase() === "rtsps";
  const port = portText === undefined ? (secure ? 322 : 554) : Number(portText);
  if (port < 1 || port > 65_535) throw bad(`port ${port} does not exist`);
  const colon = userinfo?.indexOf(":") ?? -1;
  const origin = `${secure ? "rtsps" : "rtsp"}://${hostText}${portText === undefined ? "" : `:${port}`}`;
  return {
    secure,
    host: hostText.replace(/^\[|\]$/g, ""),
    port,
    username: userinfo === undefined ? undefined : decode(colon < 0 ? userinfo : userinfo.slice(0, colon)),
    password: userinfo === undefined || colon < 0 ? undefined : decode(userinfo.slice(colon + 1)),
    href: origin + escapeNonAscii(path),
    origin,
  };
}

/**
 * A control attribute against its base (RFC 2326, C.1.1), as cameras mean it: a relative one is appended to the whole
 * base, query string included, and not resolved like a link.
 */
export function resolveControl(base: string, control: string | undefined): string {
  if (control === undefined || control === "" || control === "*") return base;
  if (/^rtsps?:\/\//i.test(control)) return control;
  if (control.startsWith("/")) {
    const origin = /^rtsps?:\/\/[^/?]*/i.exec(base)?.[0] ?? "";
    return origin + control;
  }
  if (control.startsWith("?") || base.endsWith("/")) return base + control;
  return `${base}/${control}`;
}

export function hasControlOrSpace(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code <= 0x20 || code === 0x7f) return true;
  }
  return false;
}

function escapeNonAscii(path: string): string {
  return path.replace(/[^\x21-\x7e]+/gu, (part) => {
    try {
      return encodeURIComponent(part);
    } catch {
      return "";
    }
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function bad(reason: string): FluxError {
  return new FluxError("rtsp.address", `not a camera address: ${reason}`, { field: "url" });
}
