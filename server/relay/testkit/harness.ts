import { MessageChannel, type MessagePort } from "node:worker_threads";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { IngestToRelay, RelayToIngest } from "../../ingest/protocol.ts";
import type { CameraRoute, FromRelay } from "../protocol.ts";
import { Relay } from "../relay.ts";
import { MemoryConnection } from "../transport/memory-connection.ts";
import { FakeAuthority } from "./fake-authority.ts";
import { FrameMaker, type SyntheticStream } from "./frames.ts";

export const CAMERA_A = "11111111-1111-4111-8111-111111111111";
export const CAMERA_B = "22222222-2222-4222-8222-222222222222";

export interface HarnessOptions {
  readonly quotaKbps?: number;
  /** Undefined: the relay has not been told its cameras yet. Default: two. */
  readonly cameras?: readonly CameraRoute[] | undefined;
}

/** A relay on a simulated clock with a fake main thread, a fake ingest worker and viewers in memory. */
export class RelayHarness {
  readonly clock = new SimulatedClock();
  readonly authority = new FakeAuthority();
  readonly posted: FromRelay[] = [];
  /** What the ingest worker was told. */
  readonly told: RelayToIngest[] = [];
  readonly relay: Relay;
  readonly #ingest: MessagePort;

  constructor(options: HarnessOptions = {}) {
    this.relay = new Relay({
      quotaKbps: options.quotaKbps ?? 50_000,
      clock: this.clock,
      random: () => 0.5,
      defer: (run) => void this.clock.after(millis(0), run),
      post: (message) => {
        this.posted.push(message);
        this.authority.answer(message, (reply) => {
          if (reply.type === "reply") this.relay.handle(reply);
        });
      },
    });
    const channel = new MessageChannel();
    this.#ingest = channel.port2;
    this.#ingest.on("message", (message: RelayToIngest) => this.told.push(message));
    this.relay.handle({ type: "ingest-port", workerIndex: 0, port: channel.port1 });
    const { cameras } = "cameras" in options ? options : { cameras: [route(CAMERA_A, 1), route(CAMERA_B, 11)] };
    if (cameras) this.relay.handle({ type: "cameras", cameras });
  }

  /** A user who may see the cameras; the token is the user's name. */
  addUser(name: string, cameras: readonly string[], tokenLastsMs = 900_000): void {
    this.authority.users.set(name, {
      userId: name,
      sessionId: `session-${name}`,
      cameras: new Set(cameras),
      tokenExpiresAtMicros: this.clock.utcMicros() + tokenLastsMs * 1000,
    });
  }

  connect(kind: MemoryConnection["kind"] = "memory"): MemoryConnection {
    const connection = new MemoryConnection(kind);
    connection.start(this.relay.accept(connection));
    return connection;
  }

  /** A connection past hello, subscribed. */
  async viewer(
    token: string,
    cameras: readonly string[],
    heightPx = 200,
    kind: MemoryConnection["kind"] = "memory",
  ): Promise<MemoryConnection> {
    const connection = this.connect(kind);
    connection.receive({ type: "hello", token, publicKey: "BA==", client: "test" });
    await this.settle();
    connection.receive(subscribe(cameras, heightPx));
    await this.settle();
    return connection;
  }

  /** Publishes one frame as it would come from the worker; waits until it is through. */
  async publish(maker: FrameMaker, count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      const buffer = new ArrayBuffer(maker.nextBytes);
      maker.write(new Uint8Array(buffer), 0, this.clock.utcMicros());
      const before = this.relay.framesIn;
      this.#ingest.postMessage({ type: "frames", buffer, byteLength: buffer.byteLength } satisfies IngestToRelay, [
        buffer,
      ]);
      await this.until(() => this.relay.framesIn > before);
    }
    this.advance(5);
  }

  tell(message: IngestToRelay): void {
    this.#ingest.postMessage(message);
  }

  advance(ms: number): void {
    this.clock.advance(millis(ms));
  }

  /** Lets pending promises (the fake main thread's answers) run. */
  async settle(): Promise<void> {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  }

  /** Waits for something that comes over a message port. */
  async until(condition: () => boolean): Promise<void> {
    for (let i = 0; i < 10_000; i++) {
      if (condition()) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error("what the test waited for did not happen");
  }

  close(): void {
    this.relay.close();
    this.#ingest.close();
  }
}

export function route(cameraId: string, firstStreamId: number): CameraRoute {
  return {
    cameraId,
    name: cameraId.slice(0, 4),
    streams: [
      { streamId: firstStreamId, role: "sub" },
      { streamId: firstStreamId + 1, role: "main" },
    ],
  };
}

export function subscribe(cameras: readonly string[], heightPx: number, visible = true): unknown {
  return {
    type: "subscribe",
    cameras: cameras.map((cameraId) => ({ cameraId, widthPx: (heightPx * 16) / 9, heightPx, visible })),
  };
}

export function sub(streamId: number, more: Partial<SyntheticStream> = {}): FrameMaker {
  return new FrameMaker({ streamId, fps: 15, kbps: 500, gop: 30, ...more });
}
