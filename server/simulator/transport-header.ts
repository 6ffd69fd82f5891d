/** What a client asks for in SETUP's Transport header (RFC 2326 12.39), first acceptable alternative. */
export type RequestedTransport =
  | { readonly kind: "tcp"; readonly rtpChannel: number; readonly rtcpChannel: number }
  | { readonly kind: "udp"; readonly rtpPort: number; readonly rtcpPort: number };

export type AllowedTransport = "any" | "tcp" | "udp";

function pair(value: string | undefined, max: number): [number, number] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(value ?? "");
  if (!match?.[1]) return undefined;
  const first = Number(match[1]);
  const second = match[2] === undefined ? first + 1 : Number(match[2]);
  return first <= max && second <= max ? [first, second] : undefined;
}

function parseAlternative(text: string): RequestedTransport | undefined {
  const [protocol = "", ...rest] = text.split(";").map((part) => part.trim());
  const parameters = new Map(rest.map((part) => part.split("=", 2) as [string, string | undefined]));
  if (parameters.has("multicast")) return undefined;
  if (protocol.toUpperCase() === "RTP/AVP/TCP") {
    const channels = pair(parameters.get("interleaved") ?? "0-1", 255);
    return channels && { kind: "tcp", rtpChannel: channels[0], rtcpChannel: channels[1] };
  }
  if (!/^RTP\/AVP(?:\/UDP)?$/i.test(protocol)) return undefined;
  const ports = pair(parameters.get("client_port"), 65_535);
  return ports && ports[0] > 0 ? { kind: "udp", rtpPort: ports[0], rtcpPort: ports[1] } : undefined;
}

/** The first alternative that the camera allows, or undefined (answer 461). */
export function chooseTransport(header: string | undefined, allowed: AllowedTransport): RequestedTransport | undefined {
  for (const text of (header ?? "").split(",")) {
    const transport = parseAlternative(text);
    if (transport && (allowed === "any" || allowed === transport.kind)) return transport;
  }
  return undefined;
}
