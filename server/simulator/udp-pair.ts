import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { FluxError } from "../../shared/lib/errors.ts";

/** Neighbouring UDP ports, even for RTP, odd for RTCP (RFC 3550 11). */
export interface UdpPair {
  readonly rtp: Socket;
  readonly rtcp: Socket;
  readonly rtpPort: number;
  readonly rtcpPort: number;
  close(): Promise<void>;
}

const attempts = 50;
/** A whole keyframe leaves at once; the kernel must be able to hold it. */
const sendBufferBytes = 2 ** 20;

async function bind(host: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({ type: host.includes(":") ? "udp6" : "udp4", sendBufferSize: sendBufferBytes });
  // Hole punching and receiver reports arrive here; nothing depends on them.
  socket.on("message", () => undefined);
  try {
    socket.bind(port, host);
    await once(socket, "listening");
    socket.on("error", () => undefined);
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}

/** @throws FluxError `simulator.no_ports` when no even port with a free neighbour is found. */
export async function openUdpPair(host: string): Promise<UdpPair> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const rtp = await bind(host, 0);
    const rtpPort = rtp?.address().port ?? 1;
    const rtcp = rtp && rtpPort % 2 === 0 ? await bind(host, rtpPort + 1) : undefined;
    if (!rtp || !rtcp) {
      rtp?.close();
      continue;
    }
    const close = async (): Promise<void> => {
      await Promise.all([rtp, rtcp].map((socket) => new Promise<void>((done) => socket.close(() => done()))));
    };
    return { rtp, rtcp, rtpPort, rtcpPort: rtpPort + 1, close };
  }
  throw new FluxError("simulator.no_ports", `No free pair of UDP ports on ${host}`);
}
