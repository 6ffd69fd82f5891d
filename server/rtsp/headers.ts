/** Values of the RTSP headers that a client needs. Pure; unreadable parts are left out, never thrown. */

export interface SessionHeader {
  readonly id: string;
  /** RFC 2326, 12.37: 60 s where the camera says nothing. */
  readonly timeoutSeconds: number;
}

/** `12345678;timeout=60`. Undefined without a usable id. */
export function parseSession(value: string | undefined): SessionHeader | undefined {
  if (value === undefined) return undefined;
  const [idText = "", ...parameters] = value.split(";");
  const id = idText.trim();
  if (!/^[\x21-\x7e]{1,256}$/.test(id)) return undefined;
  let timeoutSeconds = 60;
  for (const parameter of parameters) {
    const match = /^\s*timeout\s*=\s*(\d{1,6})/i.exec(parameter);
    if (match) timeoutSeconds = Number(match[1]);
  }
  return { id, timeoutSeconds: Math.min(3600, Math.max(5, timeoutSeconds)) };
}

export interface TransportHeader {
  readonly tcp: boolean;
  readonly interleaved: readonly [number, number] | undefined;
  readonly serverPorts: readonly [number, number] | undefined;
  readonly source: string | undefined;
}

/** The first transport of a Transport header (RFC 2326, 12.39). */
export function parseTransport(value: string | undefined): TransportHeader | undefined {
  if (value === undefined) return undefined;
  const parts = (value.split(",")[0] ?? "").split(";").map((part) => part.trim());
  const profile = (parts[0] ?? "").toUpperCase();
  if (!/^RTP\/S?AVPF?(\/(TCP|UDP))?$/.test(profile)) return undefined;
  let interleaved: readonly [number, number] | undefined;
  let serverPorts: readonly [number, number] | undefined;
  let source: string | undefined;
  for (const part of parts.slice(1)) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim().toLowerCase();
    const text = part.slice(equals + 1).trim();
    if (name === "interleaved") interleaved = pair(text, 255);
    else if (name === "server_port") serverPorts = pair(text, 65_535);
    else if (name === "source" && /^[0-9a-zA-Z:.-]{1,255}$/.test(text)) source = text;
  }
  return { tcp: profile.endsWith("/TCP"), interleaved, serverPorts, source };
}

/** `0-1`; a single number means the next one too. */
function pair(text: string, max: number): readonly [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first <= max && second <= max ? [first, second] : undefined;
}

/** Methods of a Public header, upper case. */
export function parsePublic(value: string | undefined): ReadonlySet<string> {
  return new Set((value ?? "").split(",").map((method) => method.trim().toUpperCase()));
}
