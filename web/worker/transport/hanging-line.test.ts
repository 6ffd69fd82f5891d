import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ConnectionState } from "../../engine/worker-protocol.ts";
import { openArchiveSocket } from "../archive/archive-socket.ts";
import { LiveConnection } from "./connection.ts";

/** A network that swallows everything: a socket that neither opens nor fails. */
class HangingSocket extends EventTarget {
  static readonly OPEN = 1;
  static made: HangingSocket[] = [];
  readyState = 0;
  closed = false;
  constructor() {
    super();
    HangingSocket.made.push(this);
  }
  close(): void {
    this.closed = true;
  }
}

const sockets = (): boolean[] => HangingSocket.made.map(({ closed }) => closed);
const nothing = { onControl: () => undefined, onFrames: () => undefined, onClosed: () => undefined };

beforeEach(() => {
  HangingSocket.made = [];
  vi.stubGlobal("WebSocket", HangingSocket);
});
afterEach(() => vi.unstubAllGlobals());

/** WebCrypto works outside the simulated clock. */
async function until(ready: () => boolean): Promise<void> {
  for (let i = 0; i < 100_000 && !ready(); i++) await new Promise((resolve) => setImmediate(resolve));
  expect(ready()).toBe(true);
}

test("the live line gives it up, closes it and tries the next one", async () => {
  const clock = new SimulatedClock();
  const states: ConnectionState[] = [];
  const connection = new LiveConnection(
    { token: "t", webSocketUrl: "ws://x/", webTransport: undefined },
    {
      onState: ({ state }) => states.push(state),
      onSessionKey: () => undefined,
      onControl: () => undefined,
      onFrame: () => undefined,
      onExpired: () => undefined,
    },
    { clock, random: () => 0 },
  );
  connection.start();
  await until(() => HangingSocket.made.length === 1);
  clock.advance(millis(5999));
  expect(sockets()).toEqual([false]);
  clock.advance(millis(1));
  expect(sockets()).toEqual([true]);
  expect(states).toEqual(["connecting", "reconnecting"]);
  clock.advance(millis(1000));
  await until(() => HangingSocket.made.length === 2);
  connection.close();
  expect(sockets()).toEqual([true, true]);
  expect(clock.pendingTimers).toBe(0);
});

test("the archive's socket is closed with the attempt; an attempt that is over opens none", async () => {
  const opening = new AbortController();
  const line = openArchiveSocket("ws://x/", nothing, opening.signal);
  opening.abort();
  await expect(line).rejects.toThrow("did not answer");
  expect(sockets()).toEqual([true]);
  await expect(openArchiveSocket("ws://x/", nothing, opening.signal)).rejects.toThrow();
  expect(HangingSocket.made).toHaveLength(1);
});
