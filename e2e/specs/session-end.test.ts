import { createECDH } from "node:crypto";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { type ApiClient, addCamera, signIn } from "../../server/testkit/api.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { SessionInfo } from "../../shared/api/identity.ts";
import { systemClock } from "../../shared/lib/clock.ts";

/** Ending a session ends its pictures: live and from the archive, over real connections to the real server. */

const USER = { username: "yuna", password: "seven quiet lanterns by the river" };
const clock = systemClock();
let simulator: Simulator;
let server: ServerUnderTest;
let admin: ApiClient;
let cameraId: string;
const open: MediaLine[] = [];

vi.setConfig({ testTimeout: 120_000 });

beforeAll(async () => {
  simulator = await startSimulator({ cameras: 1, clips: { main: stampGeometry.clip, sub: stampGeometry.clip } });
  server = await startServer({ adminPassword: ADMIN_PASSWORD });
  admin = await signIn(server.url);
  cameraId = await addCamera(admin, "Gate", simulator.url(1, "main"), simulator.url(1, "sub"));
  await admin.request("POST", "/users", { ...USER, role: "operator" });
}, 180_000);

afterAll(async () => {
  await server?.close();
  await simulator?.close();
});

afterEach(() => {
  for (const line of open.splice(0)) line.close();
});

/** One socket, and in which order things came over it. */
class MediaLine {
  readonly events: { readonly what: string; readonly atMs: number }[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Set<() => void>();

  constructor(path: "live" | "playback", token: string, onTold: (line: MediaLine, type: string) => void) {
    open.push(this);
    this.#socket = new WebSocket(`${server.url.replace("http", "ws")}/api/v1/${path}`);
    const note = (what: string): void => {
      this.events.push({ what, atMs: clock.monotonicMs() });
      for (const wake of this.#waiting) wake();
    };
    this.#socket.on("open", () => {
      const publicKey = createECDH("prime256v1").generateKeys("base64");
      this.send({ type: "hello", token, publicKey, client: "session end test" });
    });
    this.#socket.on("message", (data: Buffer, binary: boolean) => {
      const type = binary ? "frames" : (JSON.parse(data.toString()) as { type: string }).type;
      note(type);
      onTold(this, type);
    });
    this.#socket.on("close", () => note("closed"));
    this.#socket.on("error", (error) => note(`error: ${error.message}`));
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  count(what: string): number {
    return this.events.filter((event) => event.what === what).length;
  }

  /** The time of the event with this number. Waits for it as long as the test may run. */
  async nth(what: string, number = 1): Promise<number> {
    for (;;) {
      const found = this.events.filter((event) => event.what === what)[number - 1];
      if (found) return found.atMs;
      if (this.count("closed") > 0) throw new Error(`closed before ${what}: ${JSON.stringify(this.events.slice(-5))}`);
      await new Promise<void>((wake) => this.#waiting.add(wake));
    }
  }

  close(): void {
    this.#socket.terminate();
  }
}

function live(token: string): MediaLine {
  const cameras = [{ cameraId, widthPx: 640, heightPx: 360, visible: true }];
  return new MediaLine("live", token, (line, type) => {
    if (type === "welcome") line.send({ type: "subscribe", cameras });
  });
}

/** Reads the first seconds of the recording over and over, as a player in a loop does. */
function playback(token: string, fromMicros: number): MediaLine {
  let requestId = 0;
  const bounds = { fromMicros, toMicros: fromMicros + 4_000_000, maxBytes: 1_000_000 };
  return new MediaLine("playback", token, (line, type) => {
    if (type !== "welcome" && type !== "end") return;
    line.send({ type: "read", requestId: ++requestId, cameraId, role: "main", direction: "forward", ...bounds });
  });
}

/** When the camera's first recorded picture was taken, as soon as there is one. */
async function firstRecorded(): Promise<number> {
  const now = clock.utcMicros();
  const range = `startMicros=${now - 600_000_000}&endMicros=${now + 600_000_000}`;
  return vi.waitFor(
    async () => {
      const { cameras } = await admin.request<{ cameras: { recorded: [number, number][] }[] }>(
        "GET",
        `/timeline?cameras=${cameraId}&${range}`,
      );
      const [span] = cameras[0]?.recorded ?? [];
      if (!span || span[1] - span[0] < 4_000_000) throw new Error("nothing is recorded yet");
      return span[0];
    },
    { timeout: 60_000, interval: 500 },
  );
}

test.each([
  ["one session, by an administrator", (own: SessionInfo) => admin.request("DELETE", `/sessions/${own.id}`)],
  [
    "all sessions of the user, by an administrator",
    (own: SessionInfo) => admin.request("POST", "/sessions/end-user", { userId: own.userId }),
  ],
] as const)(
  "%s: live pictures and playback stop by the server's word, and nothing comes after it",
  async (_name, end) => {
    const user = await signIn(server.url, USER.username, USER.password);
    const { accessToken } = user.session;
    const [own] = (await user.request<SessionInfo[]>("GET", "/sessions/own")).filter(({ current }) => current);
    if (!own) throw new Error("the own session is not listed");
    const lines = { live: live(accessToken), playback: playback(accessToken, await firstRecorded()) };
    const other = live(admin.session.accessToken);
    await Promise.all([lines.live.nth("frames", 20), lines.playback.nth("end", 2), other.nth("frames", 20)]);

    const asked = clock.monotonicMs();
    await end(own);
    for (const [kind, line] of Object.entries(lines)) {
      const closed = await line.nth("closed");
      const told = line.events.findIndex(({ what }) => what === "session_expired");
      expect(told, kind).toBeGreaterThan(-1);
      expect(line.events.slice(told).map(({ what }) => what)).toEqual(["session_expired", "closed"]);
      const last = line.events.findLast(({ what }) => what === "frames")?.atMs ?? asked;
      const [lastMs, closedMs] = [last, closed].map((at) => Math.round(at - asked));
      process.stdout.write(`${kind}: last picture ${lastMs} ms, closed ${closedMs} ms after the request\n`);
    }
    // Nor with the token that is not used up yet; and nobody else notices.
    await expect(user.request("GET", "/auth/me")).rejects.toThrow(/401/);
    const again = new MediaLine("live", accessToken, () => undefined);
    await again.nth("closed");
    expect(again.count("welcome")).toBe(0);
    await other.nth("frames", other.count("frames") + 20);
    expect(other.count("closed")).toBe(0);
  },
);
