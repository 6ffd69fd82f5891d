import type { Socket as UdpSocket } from "node:dgram";
import type { Socket } from "node:net";
import { type FaultSet, seededRandom } from "./faults.ts";
import { packetsOf } from "./frame-template.ts";
import type { SentPicture, StreamClient } from "./stream.ts";

/** A client that reads slower than this far behind loses whole pictures, up to the next keyframe. */
const maxQueuedBytes = 4 * 2 ** 20;

function garbageBytes(count: number, withDollar: boolean, random: () => number): Buffer {
  const bytes = Buffer.alloc(Math.min(count, 65_536));
  for (let at = 0; at < bytes.length; at += 1) {
    const value = Math.floor(random() * 256);
    bytes[at] = value === 0x24 && !withDollar ? 0x25 : value;
  }
  return bytes;
}

/** Media inside the RTSP connection (RFC 2326 10.12). */
export class InterleavedClient implements StreamClient {
  readonly #socket: Socket;
  readonly #channels: { rtp: number; rtcp: number };
  readonly #faults: FaultSet;
  readonly #random = seededRandom(1);
  #skipping = false;

  constructor(socket: Socket, channels: { rtp: number; rtcp: number }, faults: FaultSet) {
    this.#socket = socket;
    this.#channels = channels;
    this.#faults = faults;
  }

  picture(picture: SentPicture): void {
    if (this.#socket.writableLength > maxQueuedBytes) this.#skipping = true;
    else if (picture.keyframe) this.#skipping = false;
    if (this.#skipping) return;
    const garbage = this.#faults.get("garbage");
    if (garbage) this.#socket.write(garbageBytes(garbage.bytes, garbage.withDollar ?? false, this.#random));
    this.#socket.write(this.#channels.rtp === 0 ? picture.bytes : this.#onOwnChannel(picture));
  }

  report(rtcp: Buffer): void {
    const header = Buffer.from([0x24, this.#channels.rtcp, 0, 0]);
    header.writeUInt16BE(rtcp.length, 2);
    this.#socket.write(Buffer.concat([header, rtcp]));
  }

  #onOwnChannel({ bytes, offsets }: SentPicture): Buffer {
    const copy = Buffer.from(bytes);
    for (const at of offsets) copy[at + 1] = this.#channels.rtp;
    return copy;
  }
}

/** Media as datagrams from the simulator's shared pair of ports. */
export class DatagramClient implements StreamClient {
  readonly #sockets: { rtp: UdpSocket; rtcp: UdpSocket };
  readonly #target: { address: string; rtpPort: number; rtcpPort: number };
  readonly #faults: FaultSet;

  constructor(
    sockets: { rtp: UdpSocket; rtcp: UdpSocket },
    target: { address: string; rtpPort: number; rtcpPort: number },
    faults: FaultSet,
  ) {
    this.#sockets = sockets;
    this.#target = target;
    this.#faults = faults;
  }

  picture({ bytes, offsets }: SentPicture): void {
    const packets = packetsOf(bytes, offsets);
    if (this.#faults.has("reorder")) {
      for (let at = 0; at + 1 < packets.length; at += 2) packets.splice(at, 2, ...packets.slice(at, at + 2).reverse());
    }
    for (const packet of packets) this.#send(this.#sockets.rtp, packet, this.#target.rtpPort);
  }

  report(rtcp: Buffer): void {
    this.#send(this.#sockets.rtcp, rtcp, this.#target.rtcpPort);
  }

  #send(socket: UdpSocket, packet: Buffer, port: number): void {
    // A closed port answers with ICMP; that is the client's concern, as with a real camera.
    socket.send(packet, port, this.#target.address, () => undefined);
  }
}
