import { FluxError } from "../../shared/lib/errors.ts";
import { printable } from "./message.ts";

export interface SdpFormat {
  readonly payloadType: number;
  /** Upper case: `H264`, `MPEG4-GENERIC`. */
  readonly encoding: string;
  readonly clockRate: number;
  readonly channels: number;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

export interface SdpMedia {
  readonly type: string;
  readonly protocol: string;
  readonly formats: readonly SdpFormat[];
  readonly control: string | undefined;
  /** ONVIF back channel: audio from us to the camera. */
  readonly backChannel: boolean;
}

export interface Sdp {
  readonly control: string | undefined;
  readonly media: readonly SdpMedia[];
}

/** Payload types with a fixed meaning (RFC 3551, table 4 and 5). */
const STATIC_FORMATS = new Map<number, readonly [string, number]>([
  [0, ["PCMU", 8000]],
  [8, ["PCMA", 8000]],
  [26, ["JPEG", 90_000]],
  [32, ["MPV", 90_000]],
  [33, ["MP2T", 90_000]],
]);

const MAX_LINES = 1000;
const MAX_LINE = 16_384;
const MAX_FORMATS = 32;

interface MediaDraft {
  type: string;
  protocol: string;
  payloadTypes: number[];
  rtpmap: Map<number, readonly [string, number, number]>;
  fmtp: Map<number, ReadonlyMap<string, string>>;
  control: string | undefined;
  backChannel: boolean;
}

/**
 * A session description (RFC 4566) as cameras write it: unknown and broken lines are skipped.
 * Throws `rtsp.protocol` if there is no media in it, `rtsp.limit` if it is too large.
 */
export function parseSdp(text: string, maxMedia: number): Sdp {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > MAX_LINES) throw new FluxError("rtsp.limit", `the SDP has more than ${MAX_LINES} lines`);
  let control: string | undefined;
  const drafts: MediaDraft[] = [];
  let current: MediaDraft | undefined;
  for (const raw of lines) {
    if (raw.length > MAX_LINE) throw new FluxError("rtsp.limit", `an SDP line has more than ${MAX_LINE} characters`);
    const line = raw.trim();
    if (line.startsWith("m=")) {
      current = parseMedia(line.slice(2));
      if (drafts.length < maxMedia) drafts.push(current);
    } else if (line.startsWith("a=control:")) {
      const value = line.slice(10).trim();
      // A control URL goes into request lines: nothing in it may break one.
      if (value.length > 1024 || /[^\x21-\x7e]/.test(value)) continue;
      if (current) current.control = value;
      else control = value;
    } else if (current) {
      readAttribute(line, current);
    }
  }
  if (drafts.length === 0) {
    throw new FluxError("rtsp.protocol", `the camera describes no media: "${printable(text.trim(), 60)}"`);
  }
  return { control, media: drafts.map(finish) };
}

function parseMedia(text: string): MediaDraft {
  const [type = "", , protocol = "", ...payloads] = text.split(/\s+/);
  return {
    type: type.toLowerCase(),
    protocol: protocol.toUpperCase(),
    payloadTypes: payloads.slice(0, MAX_FORMATS).map(Number).filter(isPayloadType),
    rtpmap: new Map(),
    fmtp: new Map(),
    control: undefined,
    backChannel: false,
  };
}

function readAttribute(line: string, media: MediaDraft): void {
  if (line === "a=sendonly") {
    media.backChannel = true;
    return;
  }
  const match = /^a=(rtpmap|fmtp):\s*(\d{1,3})\s+(.*)$/.exec(line);
  if (!match) return;
  const payloadType = Number(match[2]);
  const value = match[3] ?? "";
  if (!isPayloadType(payloadType) || media.rtpmap.size + media.fmtp.size > MAX_FORMATS * 2) return;
  if (match[1] === "fmtp") {
    media.fmtp.set(payloadType, parseParameters(value));
    return;
  }
  const map = /^([A-Za-z0-9._+-]{1,64})\s*\/\s*(\d{1,9})(?:\s*\/\s*(\d{1,3}))?/.exec(value);
  if (!map) return;
  media.rtpmap.set(payloadType, [(map[1] ?? "").toUpperCase(), Number(map[2]), Number(map[3] ?? 1)]);
}

/** `name=value; name=value`: values may hold `=` (base64). */
function parseParameters(text: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const part of text.split(";", 64)) {
    const equals = part.indexOf("=");
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== "" && name.length <= 64) parameters.set(name, equals < 0 ? "" : part.slice(equals + 1).trim());
  }
  return parameters;
}

function finish(draft: MediaDraft): SdpMedia {
  const formats: SdpFormat[] = [];
  for (const payloadType of draft.payloadTypes) {
    const fixed = STATIC_FORMATS.get(payloadType);
    const map = draft.rtpmap.get(payloadType) ?? (fixed ? ([fixed[0], fixed[1], 1] as const) : undefined);
    if (!map) continue;
    formats.push({
      payloadType,
      encoding: map[0],
      clockRate: map[1],
      channels: map[2],
      parameters: draft.fmtp.get(payloadType) ?? new Map(),
    });
  }
  const { type, protocol, control, backChannel } = draft;
  return { type, protocol, formats, control, backChannel };
}

function isPayloadType(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 127;
}
