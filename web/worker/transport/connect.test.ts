import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { connectLive } from "./connect.ts";
import type { TransportHandlers } from "./transport.ts";

/** Which transport is chosen, with stand-ins for the browser's two classes. */

const handlers: TransportHandlers = { onControl: () => {}, onFrame: () => {}, onClosed: () => {} };
const options = {
  token: "t",
  webSocketUrl: "ws://x/api/v1/live",
  webTransport: { url: "https://x:1/api/v1/live", certificateHashBase64: "AAAA" },
};

class FakeSocket extends EventTarget {
  static readonly OPEN = 1;
  static opened: string[] = [];
  static works = true;
  readyState = 1;
  constructor(url: string) {
    super();
    FakeSocket.opened.push(url);
    queueMicrotask(() => this.dispatchEvent(new Event(FakeSocket.works ? "open" : "close")));
  }
  close(): void {}
}

class FakeWebTransport {
  static mode: "works" | "fails" | "hangs" = "works";
  static closed = 0;
  readonly ready: Promise<void>;
  readonly closed = new Promise<never>(() => {});
  readonly incomingUnidirectionalStreams = new ReadableStream();
  constructor() {
    const { mode } = FakeWebTransport;
    this.ready =
      mode === "works" ? Promise.resolve() : mode === "fails" ? Promise.reject(new Error("no")) : new Promise(() => {});
  }
  createBidirectionalStream(): Promise<unknown> {
    return Promise.resolve({ readable: new ReadableStream(), writable: new WritableStream() });
  }
  close(): void {
    FakeWebTransport.closed++;
  }
}

beforeEach(() => {
  FakeSocket.opened = [];
  FakeSocket.works = true;
  FakeWebTransport.mode = "works";
  FakeWebTransport.closed = 0;
  vi.stubGlobal("WebSocket", FakeSocket);
  vi.stubGlobal("WebTransport", FakeWebTransport);
});
afterEach(() => vi.unstubAllGlobals());

describe("connectLive", () => {
  it("prefers WebTransport", async () => {
    const clock = new SimulatedClock();
    const transport = await connectLive(options, handlers, clock);
    expect(transport).toMatchObject({ kind: "webtransport", fallbackReason: undefined });
    expect(FakeSocket.opened).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("goes to WebSocket at once when WebTransport fails", async () => {
    FakeWebTransport.mode = "fails";
    const transport = await connectLive(options, handlers, new SimulatedClock());
    expect(transport).toMatchObject({ kind: "websocket", fallbackReason: "no" });
  });

  it("goes to WebSocket after one second of silence, and closes what was begun", async () => {
    FakeWebTransport.mode = "hangs";
    const clock = new SimulatedClock();
    const connecting = connectLive(options, handlers, clock);
    clock.advance(millis(999));
    await Promise.resolve();
    expect(FakeSocket.opened).toEqual([]);
    clock.advance(millis(1));
    expect(await connecting).toMatchObject({ kind: "websocket", fallbackReason: expect.stringMatching(/1000 ms/) });
    expect(FakeWebTransport.closed).toBe(1);
  });

  it.each([
    ["the server has none", { ...options, webTransport: undefined }, "the server offers no WebTransport"],
    ["nobody asked for it", { ...options, transport: "websocket" as const }, undefined],
  ])("uses WebSocket when %s", async (_, chosen, fallbackReason) => {
    const transport = await connectLive(chosen, handlers, new SimulatedClock());
    expect(transport).toMatchObject({ kind: "websocket", fallbackReason });
  });

  it("uses WebSocket where the browser has no WebTransport", async () => {
    vi.unstubAllGlobals();
    vi.stubGlobal("WebSocket", FakeSocket);
    const transport = await connectLive(options, handlers, new SimulatedClock());
    expect(transport).toMatchObject({ kind: "websocket", fallbackReason: "this browser has no WebTransport" });
  });

  it("rejects when the server cannot be reached", async () => {
    FakeSocket.works = false;
    FakeWebTransport.mode = "fails";
    await expect(connectLive(options, handlers, new SimulatedClock())).rejects.toThrow("cannot be reached");
  });
});
