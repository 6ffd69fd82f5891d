import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import type { Clock } from "../../shared/lib/clock.ts";
import { printableText } from "../../shared/lib/printable.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";
import { findAll, parseXml, textOf, type XmlElement } from "./xml.ts";

/** What a device says of itself. All of it is hearsay but the address, which is where the answer came from. */
export interface ProbeMatch {
  readonly address: string;
  readonly name: string;
  readonly model: string;
  readonly manufacturer: string;
  readonly location: string;
}

export interface ProbeOptions {
  readonly clock: Clock;
  readonly uuid: () => string;
  /** Answers are waited for so long. */
  readonly wait?: Millis;
  /** Where to ask; by default the multicast group, from each of this machine's networks. */
  readonly targets?: readonly { readonly address: string; readonly port: number }[];
  /** Address of the interface to ask from; by default each that has IPv4. */
  readonly from?: readonly string[];
}

/** WS-Discovery 2005, 2.4. */
const GROUP = { address: "239.255.255.250", port: 3702 };
const WAIT = millis(4_000);
/** A datagram is lost now and then (SOAP over UDP asks for repetition). */
const REPEAT_AFTER = millis(300);
const MAX_DEVICES = 256;
/** Of one address: a device with many interfaces answers a few times, a hostile one for ever. */
const MAX_ANSWERS = 4000;
const MAX_TEXT = 80;
const MAX_INTERFACES = 16;

/**
 * Asks the networks around for ONVIF cameras (WS-Discovery) and collects who answers. Answers that belong to no question of
 * ours, are no XML or are too large are passed over. Never rejects for a network that cannot be asked.
 */
export async function probeNetwork(options: ProbeOptions): Promise<ProbeMatch[]> {
  const { clock, uuid, wait = WAIT, targets = [GROUP], from = ownAddresses() } = options;
  const found = new Map<string, ProbeMatch>();
  const questions = new Set<string>();
  let answers = 0;
  const receive = (message: Buffer, sender: RemoteInfo): void => {
    if (++answers > MAX_ANSWERS || found.size >= MAX_DEVICES || found.has(sender.address)) return;
    const match = readProbeMatch(message.toString("utf8"), questions, sender.address);
    if (match) found.set(sender.address, match);
  };
  const sockets = (await Promise.all(from.map((address) => open(address, receive)))).filter(
    (socket) => socket !== undefined,
  );
  const ask = (): void => {
    for (const socket of sockets) {
      for (const { address, port } of targets) {
        const id = `urn:uuid:${uuid()}`;
        questions.add(id);
        // A network that is down is none in which cameras are.
        socket.send(probeMessage(id), port, address, () => undefined);
      }
    }
  };
  ask();
  const again = clock.after(REPEAT_AFTER, ask);
  await new Promise<void>((resolve) => void clock.after(wait, resolve));
  again.cancel();
  await Promise.all(sockets.map((socket) => closeSocket(socket)));
  return [...found.values()];
}

export function probeMessage(id: string): string {
  return [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:n="http://www.onvif.org/ver10/network/wsdl">',
    "<s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>",
    `<a:MessageID>${id}</a:MessageID><a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>`,
    "<s:Body><d:Probe><d:Types>n:NetworkVideoTransmitter</d:Types></d:Probe></s:Body></s:Envelope>",
  ].join("");
}

/** Undefined for what is no answer to one of the questions. */
export function readProbeMatch(text: string, questions: ReadonlySet<string>, address: string): ProbeMatch | undefined {
  let envelope: XmlElement;
  try {
    envelope = parseXml(text);
  } catch {
    return undefined;
  }
  if (!questions.has(textOf(envelope, "RelatesTo") ?? "")) return undefined;
  const [match] = findAll(envelope, "ProbeMatch");
  if (!match || !/\bNetworkVideoTransmitter\b/.test(textOf(match, "Types") ?? "NetworkVideoTransmitter"))
    return undefined;
  const scopes = (textOf(match, "Scopes") ?? "").split(/\s+/).slice(0, 64);
  const scope = (kind: string): string => {
    const prefix = `onvif://www.onvif.org/${kind}/`;
    const value = scopes.find((entry) => entry.toLowerCase().startsWith(prefix))?.slice(prefix.length) ?? "";
    return printableText(decoded(value), MAX_TEXT);
  };
  return {
    address,
    name: scope("name"),
    model: scope("hardware"),
    manufacturer: scope("manufacturer") || scope("mfr"),
    location: scope("location"),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function ownAddresses(): string[] {
  const entries = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return entries
    .filter(({ family, internal }) => family === "IPv4" && !internal)
    .map(({ address }) => address)
    .slice(0, MAX_INTERFACES);
}

async function open(
  address: string,
  receive: (message: Buffer, sender: RemoteInfo) => void,
): Promise<Socket | undefined> {
  const socket = createSocket({ type: "udp4", reuseAddr: false });
  socket.on("message", receive);
  try {
    socket.bind(0, address);
    await once(socket, "listening");
    socket.setMulticastInterface(address);
    socket.setMulticastTTL(1);
  } catch {
    await closeSocket(socket);
    return undefined;
  }
  // From here on an error is one of sending: the network went away.
  socket.on("error", () => undefined);
  return socket;
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(() => resolve());
    } catch {
      resolve();
    }
  });
}
