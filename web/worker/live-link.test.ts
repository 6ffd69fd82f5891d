import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import type { ConnectOptions } from "../engine/worker-protocol.ts";
import type { Link } from "./link.ts";
import { liveLinks } from "./live-link.ts";

/** Which `connect` keeps the line that is up, with a socket that stays on its way to the server. */

const options: ConnectOptions = {
  token: "t1",
  webSocketUrl: "ws://x/api/v1/live",
  webTransport: { url: "https://x:1/live", certificateHashBase64: "AAAA" },
  transport: "websocket",
};

let opened: string[];
let states: string[];
let link: Link;

beforeEach(() => {
  opened = [];
  states = [];
  vi.stubGlobal(
    "WebSocket",
    class extends EventTarget {
      constructor(url: string) {
        super();
        opened.push(url);
      }
      close(): void {}
    },
  );
  const ignore = (): void => undefined;
  link = liveLinks(new SimulatedClock())({
    onState: (state) => states.push(state),
    onSessionKey: ignore,
    onControl: ignore,
    onFrame: ignore,
    onGopReset: ignore,
    onSessionExpired: ignore,
    onConfigNeeded: ignore,
  });
});
afterEach(() => {
  link.close();
  vi.unstubAllGlobals();
});

test("the same addresses with a newer token keep the line", async () => {
  link.connect(options);
  link.connect({ ...options, token: "t2" });
  await vi.waitFor(() => expect(opened).toEqual(["ws://x/api/v1/live"]));
  expect(states).toEqual(["connecting"]);
});

test.each([
  ["certificate", { webTransport: { url: "https://x:1/live", certificateHashBase64: "BBBB" } }],
  ["port", { webTransport: { url: "https://x:2/live", certificateHashBase64: "AAAA" } }],
  ["socket", { webSocketUrl: "ws://y/api/v1/live" }],
])("another %s means another line", async (_, changes) => {
  link.connect(options);
  link.connect({ ...options, ...changes });
  expect(states).toEqual(["connecting", "idle", "connecting"]);
});

test("after a close the same addresses connect again", () => {
  link.connect(options);
  link.close();
  link.connect(options);
  expect(states.filter((state) => state === "connecting")).toHaveLength(2);
});
