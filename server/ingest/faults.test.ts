import type { MessagePort } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import { FLAG, readFrame, type SealedHeader } from "../../shared/wire/sealed-frame.ts";
import type { CameraStatus } from "../control/media-plane.ts";
import { OutboundGuard } from "../net/outbound-guard.ts";
import { fileSystem } from "../record/volume-io.ts";
import { startPull } from "../rtsp/pull.ts";
import manifest from "../simulator/clips/manifest.json" with { type: "json" };
import type { Fault } from "../simulator/faults.ts";
import { type Simulator, startSimulator } from "../simulator/simulator.ts";
import { Ingest } from "./ingest.ts";
import type { FromIngest, IngestToRelay, SealKey } from "./protocol.ts";

const clock = systemClock();
const CONTROL = 1;
const RESTARTED = 100;

/** What came out of the ingest for each stream, and who waits for more. */
class Outcome {
  readonly headers = new Map<number, SealedHeader[]>();
  readonly statuses = new Map<string, CameraStatus>();
  readonly states = new Map<string, string[]>();
  readonly #waiting = new Set<() => void>();

  readonly port = {
    on: () => undefined,
    close: () => undefined,
    postMessage: (message: IngestToRelay) => {
      if (message.type !== "frames") return;
      const bytes = new Uint8Array(message.buffer);
      for (let at = 0, frame = readFrame(bytes, at); frame; frame = readFrame(bytes, at)) {
        const list = this.headers.get(frame.header.streamId) ?? [];
        list.push({ ...frame.header, nonce: frame.header.nonce.slice() });
        this.headers.set(frame.header.streamId, list);
        at += frame.bytes.byteLength;
      }
      this.#wake();
    },
  } as unknown as MessagePort;

  report(message: FromIngest): void {
    if (message.type !== "status") return;
    for (const status of message.statuses) {
      this.statuses.set(status.cameraId, status);
      const states = this.states.get(status.cameraId) ?? [];
      if (states.at(-1) !== status.state) states.push(status.state);
      this.states.set(status.cameraId, states);
    }
    this.#wake();
  }

  framesOf(camera: number): SealedHeader[] {
    return this.headers.get(camera) ?? [];
  }

  stateOf(camera: number): string | undefined {
    return this.statuses.get(String(camera))?.state;
  }

  /** Resolves when the condition holds after some event. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  /** Resolves when so many more frames of the camera have come. */
  more(camera: number, frames: number): Promise<void> {
    const before = this.framesOf(camera).length;
    return this.until(() => this.framesOf(camera).length >= before + frames);
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const outcome = new Outcome();
let simulator: Simulator;
let ingest: Ingest;

function put(id: number, url: string, password = "secret"): void {
  ingest.handle({
    type: "put-camera",
    camera: {
      id: String(id),
      name: `camera ${id}`,
      enabled: true,
      username: "viewer",
      password,
      transport: "tcp",
      allowUntrustedCertificate: false,
      streams: [{ streamId: id, role: "sub", url }],
    },
  });
}

/** The simulator's cameras are on this machine. */
const outbound = new OutboundGuard({ ownPorts: () => new Set(), loopback: "any" });

beforeAll(async () => {
  const crypto = await loadFluxCrypto();
  simulator = await startSimulator({ cameras: 9, user: "viewer", password: "secret" });
  ingest = new Ingest({
    generation: 1,
    clock,
    random: Math.random,
    crypto,
    startPull: (options, handlers) => startPull({ ...options, outbound }, handlers),
    send: (message) => {
      outcome.report(message);
      if (message.type !== "need-keys") return;
      const keys = message.cameraIds.flatMap((cameraId) =>
        [0, 1].map((ahead): SealKey => {
          const epoch = epochAt(clock.utcMicros()) + ahead;
          return { cameraId, suite: "LEA-256-GCM", keyId: 1, epoch, key: new Uint8Array(32).fill(epoch & 0xff) };
        }),
      );
      ingest.handle({ type: "keys", keys });
    },
    defer: (run) => void setImmediate(run),
    sleep: () => undefined,
    io: fileSystem(),
    onFatal: (error) => {
      throw error;
    },
  });
  ingest.handle({ type: "relay-port", port: outcome.port });
  for (const { number } of simulator.cameras) put(number, simulator.url(number, "sub"));
  await outcome.until(() => simulator.cameras.every(({ number }) => outcome.stateOf(number) === "online"));
});
afterAll(async () => {
  await ingest.close();
  await simulator.close();
});

/** A clip with pictures of another size than the scenes' sub streams. */
function largerClip(): string | undefined {
  return Object.entries(manifest.clips).find(([, { width }]) => width > 640)?.[0];
}

/** Starts the fault, waits for what must be seen, ends it, waits until the camera plays again. */
async function survive(camera: number, fault: Fault, seen?: () => boolean): Promise<void> {
  await simulator.camera(camera).fault(fault);
  if (seen) await outcome.until(seen);
  simulator.camera(camera).heal();
  await outcome.until(() => outcome.stateOf(camera) === "online");
  await outcome.more(camera, 30);
}

describe("abuse case 15: a camera that misbehaves", { timeout: 60_000 }, () => {
  it.concurrent.each<[string, number, Fault, string[]]>([
    ["cuts every connection", 2, { kind: "disconnect" }, ["offline"]],
    ["stalls silently", 3, { kind: "stall" }, ["degraded"]],
    ["is half open", 4, { kind: "half-open" }, ["degraded"]],
  ])("%s: is not online, and comes back", async (_name, camera, fault, states) => {
    const began = outcome.states.get(String(camera))?.length ?? 0;
    await survive(camera, fault, () => outcome.stateOf(camera) !== "online");
    const since = outcome.states.get(String(camera))?.slice(began) ?? [];
    expect(since).toEqual(expect.arrayContaining(states));
    expect(outcome.statuses.get(String(camera))?.streams[0]?.lastError).toMatch(/./);
    expect(outcome.statuses.get(String(camera))?.streams[0]?.reconnects).toBeGreaterThan(0);
  });

  it.concurrent.each<[string, number, Fault]>([
    ["jumps back in its timestamps", 5, { kind: "timestamp-jump", ticks90k: -90_000_000 }],
    ["wraps its sequence numbers", 6, { kind: "sequence-wrap" }],
  ])("%s: goes on, with one unbroken timeline", async (_name, camera, fault) => {
    await simulator.camera(camera).fault(fault);
    await outcome.more(camera, 60);
    const frames = outcome.framesOf(camera);
    for (let i = 1; i < frames.length; i++) {
      const step = (frames[i]?.pts ?? 0) - (frames[i - 1]?.pts ?? 0);
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThan(3_000_000);
    }
    expect(outcome.stateOf(camera)).toBe("online");
  });

  it.concurrent("changes its parameter sets: tells the new format, marks the keyframe", async ({ skip }) => {
    const clip = largerClip();
    if (clip === undefined) return skip("the clips in this checkout all have one size");
    const width = (): number | undefined => outcome.statuses.get("7")?.streams[0]?.format?.width;
    const before = width();
    await simulator.camera(7).fault({ kind: "switch-clip", clip });
    await outcome.until(() => outcome.framesOf(7).some(({ flags }) => (flags & FLAG.codecChange) !== 0));
    await outcome.more(7, 30);
    const changed = outcome.framesOf(7).filter(({ flags }) => (flags & FLAG.codecChange) !== 0);
    expect(changed.every(({ flags }) => (flags & FLAG.keyframe) !== 0)).toBe(true);
    await outcome.until(() => width() !== before);
  });

  it.concurrent("puts garbage between packets: goes on", async () => {
    await simulator.camera(8).fault({ kind: "garbage", bytes: 300 });
    await outcome.more(8, 45);
    simulator.camera(8).heal();
    await outcome.more(8, 30);
    expect(outcome.stateOf(8)).toBe("online");
  });

  it.concurrent("refuses the password: unauthorised, with the reason, and no second try within the minute", async () => {
    put(9, simulator.url(9, "sub"), "wrong");
    await outcome.until(() => outcome.stateOf(9) === "unauthorised");
    expect(outcome.statuses.get("9")?.reason).toMatch(/./);
    await outcome.more(CONTROL, 45);
    expect(outcome.statuses.get("9")?.streams[0]?.reconnects).toBe(0);
    put(9, simulator.url(9, "sub"));
    await outcome.until(() => outcome.stateOf(9) === "online");
  });

  it.concurrent("restarts as a whole: comes back on the same address", async () => {
    const first = await startSimulator({ cameras: 1 });
    put(RESTARTED, first.url(1, "sub"));
    await outcome.more(RESTARTED, 5);
    const { port } = first;
    await first.close();
    await outcome.until(() => outcome.stateOf(RESTARTED) === "offline");
    const second = await startSimulator({ cameras: 1, port });
    try {
      await outcome.until(() => outcome.stateOf(RESTARTED) === "online");
      await outcome.more(RESTARTED, 15);
    } finally {
      ingest.handle({ type: "remove-camera", cameraId: String(RESTARTED) });
      await second.close();
    }
  });
});

describe("abuse cases 14 and 15: its neighbour", () => {
  it("W5: noticed nothing: always online, no frame missing, no nonce twice anywhere", () => {
    expect(outcome.states.get(String(CONTROL))).toEqual(["connecting", "online"]);
    const sequences = outcome.framesOf(CONTROL).map(({ sequence }) => sequence);
    expect(sequences).toEqual(sequences.map((_, index) => index));
    const all = [...outcome.headers.values()].flat().map(({ nonce }) => Buffer.from(nonce).toString("hex"));
    expect(new Set(all).size).toBe(all.length);
    expect(all.length).toBeGreaterThan(500);
  });
});
