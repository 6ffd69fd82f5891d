import { randomInt } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { ReorderBuffer } from "../rtp/reorder.ts";
import type { RtspClient } from "./client.ts";
import type { RtspConnection } from "./connection.ts";
import type { StreamTrack } from "./stream-track.ts";
import type { TrackLine } from "./track-line.ts";

const FIRST_PORT = 20_000;
const LAST_PORT = 60_000;
const BIND_ATTEMPTS = 32;
/** A keyframe arrives as one burst: the system's default holds too little of it. */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * SETUP of a track over a pair of UDP sockets. Only packets from the camera's own address are taken (and, where it named
 * its ports, from those): anyone can send UDP.
 */
export async function setupUdp(
  client: RtspClient,
  connection: RtspConnection,
  uri: string,
  track: StreamTrack,
  clock: Clock,
): Promise<TrackLine> {
  const camera = connection.remoteAddress;
  if (camera === undefined) throw new FluxError("rtsp.closed", "the connection to the camera was closed");
  const pair = await bindPair(isIPv6(camera));
  try {
    const answer = await client.setup(uri, `RTP/AVP;unicast;client_port=${pair.port}-${pair.port + 1}`);
    if (answer.tcp) throw new FluxError("rtsp.protocol", "the camera answers with TCP although UDP was asked for");
    const [rtpPort, rtcpPort] = answer.serverPorts ?? [0, 0];
    const from = plainAddress(camera);
    const accepts = (address: string, port: number, expected: number): boolean =>
      plainAddress(address) === from && (expected === 0 || port === expected);
    const reorder = new ReorderBuffer((bytes, start, end) => track.onRtp(bytes, start, end, clock.monotonicMs()));
    pair.rtp.on("message", (message, { address, port }) => {
      if (accepts(address, port, rtpPort))
        guard(connection, () => reorder.push(message, 0, message.length, clock.monotonicMs()));
    });
    pair.rtcp.on("message", (message, { address, port }) => {
      if (accepts(address, port, rtcpPort))
        guard(connection, () => track.onRtcp(message, 0, message.length, clock.monotonicMs()));
    });
    // Opens the way back through NAT and firewalls between us and the camera.
    if (rtpPort > 0) pair.rtp.send(new Uint8Array([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), rtpPort, camera, ignore);
    return {
      sendRtcp(payload) {
        if (rtcpPort > 0) pair.rtcp.send(payload, rtcpPort, camera, ignore);
      },
      close: () => closePair(pair),
    };
  } catch (error) {
    await closePair(pair);
    throw error;
  }
}

interface SocketPair {
  readonly rtp: Socket;
  readonly rtcp: Socket;
  /** Even; RTCP is the next one (RFC 3550, 11). */
  readonly port: number;
}

async function bindPair(v6: boolean): Promise<SocketPair> {
  let cause: unknown;
  for (let attempt = 0; attempt < BIND_ATTEMPTS; attempt++) {
    const port = randomInt(FIRST_PORT / 2, LAST_PORT / 2) * 2;
    try {
      const rtp = await bind(v6, port);
      try {
        return { rtp, rtcp: await bind(v6, port + 1), port };
      } catch (error) {
        await closeSocket(rtp);
        throw error;
      }
    } catch (error) {
      cause = error;
    }
  }
  throw new FluxError("rtsp.refused", "no free pair of UDP ports on this server", { cause });
}

function bind(v6: boolean, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: v6 ? "udp6" : "udp4", recvBufferSize: RECEIVE_BUFFER_BYTES });
    socket.once("error", (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, () => {
      socket.removeAllListeners("error");
      // ICMP answers to what we send; the watch for silence decides about the stream.
      socket.on("error", ignore);
      resolve(socket);
    });
  });
}

async function closePair(pair: SocketPair): Promise<void> {
  await Promise.all([closeSocket(pair.rtp), closeSocket(pair.rtcp)]);
}

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.close(() => resolve()));
}

/** An exception in a socket's callback would end the process: it ends the pull instead. */
function guard(connection: RtspConnection, run: () => void): void {
  try {
    run();
  } catch (error) {
    connection.end(
      error instanceof FluxError
        ? error
        : new FluxError("rtsp.internal", "handling the stream failed", { cause: error }),
    );
  }
}

/** `::ffff:10.0.0.1` and `10.0.0.1` are the same address. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:/i, "").replace(/%.*$/, "");
}

function ignore(): void {
  // Loss is normal for UDP.
}
