import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { FragmentedClip } from "./fragments.ts";

const PAGE = `<!doctype html>
<link rel="icon" href="data:,">
<style>body { margin: 0; background: #000 } video { position: absolute; object-fit: contain }</style>`;

export interface MseFeeder {
  readonly port: number;
  close(): Promise<void>;
}

/** Sends the clip in real time, one fragment per picture, to each socket that connects: one socket per video, as NVRs do. */
export async function startMseFeeder(
  clip: FragmentedClip,
  framesPerSecond: number,
  groupLength: number,
  clock: Clock,
): Promise<MseFeeder> {
  // The page itself comes from here, too: a page of another origin may not open sockets to loopback.
  const http = createServer((_, response) => response.writeHead(200, { "content-type": "text/html" }).end(PAGE));
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  const timers = new Set<Timer>();
  let connections = 0;
  const play = (socket: WebSocket): void => {
    const periodMs = 1000 / framesPerSecond;
    const first = (connections++ % 5) * groupLength;
    const startMs = clock.monotonicMs();
    let sent = 0;
    socket.send(clip.head);
    const timer = clock.every(millis(periodMs / 4), () => {
      while (clock.monotonicMs() - startMs >= sent * periodMs) {
        const fragment = clip.fragments[first + sent++];
        if (fragment) socket.send(fragment);
      }
    });
    timers.add(timer);
    socket.on("close", () => {
      timer.cancel();
      timers.delete(timer);
    });
    socket.on("error", () => socket.terminate());
  };
  sockets.on("connection", play);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      for (const timer of timers) timer.cancel();
      for (const socket of sockets.clients) socket.terminate();
      sockets.close();
      await new Promise<void>((resolve) => http.close(() => resolve()));
    },
  };
}
