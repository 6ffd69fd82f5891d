import type { MessagePort } from "node:worker_threads";
import type { FluxCrypto } from "../../shared/crypto/types.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { describeError, errorCode, FluxError } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { type Millis, millis } from "../../shared/lib/time.ts";
import { epochAt } from "../../shared/wire/epoch.ts";
import type { CameraSource, ProbeSource } from "../control/media-plane.ts";
import { ChunkPool, Slabs } from "../record/chunk-pool.ts";
import { Recorder } from "../record/recorder.ts";
import type { VolumeIo } from "../record/volume-io.ts";
import { KeyRing } from "../seal/key-ring.ts";
import { NonceCounters } from "../seal/sealer.ts";
import { Camera, type CameraDeps } from "./camera.ts";
import { ConnectGate } from "./connect-gate.ts";
import { Forwarder } from "./forwarder.ts";
import { KeyRequests } from "./key-requests.ts";
import { probe } from "./probe.ts";
import type { FromIngest, IngestToRelay, RelayToIngest, SealKey, ToIngest } from "./protocol.ts";
import { Scratch, type SealingTotals } from "./stream-sealing.ts";
import type { StartPull } from "./stream-session.ts";

export interface IngestDeps {
  readonly generation: number;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly crypto: FluxCrypto;
  readonly startPull: StartPull;
  /** The file system that recordings go to. */
  readonly io: VolumeIo;
  /** Operations at a time on each volume: by the size of the process's pool of I/O threads. */
  readonly ioParallel?: number;
  readonly send: (message: FromIngest) => void;
  /** Runs at the end of this turn of the event loop. */
  readonly defer: (run: () => void) => void;
  /** Blocks the thread; see `Forwarder`. */
  readonly sleep: (duration: Millis) => void;
  /** A fault that only a new generation heals: the thread must end. */
  readonly onFatal: (error: unknown) => void;
}

const TICK_MS = 250;
const REPORT_MS = 1_000;
/** For the newest GOP of main streams that are pulled and not watched. */
const HELD_GOP_BYTES = 128 * 1024 * 1024;
/** Each probe is a connection and up to one keyframe of memory. */
const MAX_PROBES = 8;
/** Ids from the relay that no camera has (yet): bounded, it is another thread's input. */
const MAX_WANTED = 4_096;

/** Everything one ingest worker does, apart from being a thread. */
export class Ingest {
  readonly #deps: IngestDeps;
  readonly #scope = new Scope();
  readonly #cameras = new Map<string, Camera>();
  readonly #keys: KeyRing;
  readonly #keyRequests: KeyRequests;
  readonly #forwarder: Forwarder;
  readonly #recorder: Recorder;
  readonly #cameraDeps: CameraDeps;
  readonly #totals: SealingTotals = { framesSealed: 0, bytesSealed: 0, framesDropped: 0 };
  readonly #leaving = new Set<Promise<void>>();
  readonly #wanted = new Set<number>();
  readonly #changed = new Set<string>();
  #port: MessagePort | undefined;
  #probes = 0;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    const { clock, random, startPull, defer } = deps;
    this.#keys = new KeyRing(deps.crypto);
    this.#keyRequests = new KeyRequests(clock, this.#keys, deps.send);
    this.#forwarder = new Forwarder({ clock, defer, sleep: deps.sleep });
    const slabs = new Slabs();
    this.#recorder = new Recorder({
      slabs,
      clock,
      io: deps.io,
      ...(deps.ioParallel !== undefined && { parallel: deps.ioParallel }),
      send: (events) => deps.send({ type: "recorder", events }),
    });
    const gate = new ConnectGate(clock);
    this.#cameraDeps = {
      clock,
      random,
      gate,
      startPull,
      keys: this.#keys,
      counters: new NonceCounters(deps.generation),
      forwarder: this.#forwarder,
      recorder: this.#recorder,
      scratch: new Scratch(),
      gopPool: new ChunkPool(slabs, HELD_GOP_BYTES),
      totals: this.#totals,
      watched: (streamId) => this.#wanted.has(streamId),
      wanted: (streamId) => this.#wanted.has(streamId) || this.#recorder.wants(streamId),
      onStatus: (cameraId) => this.#statusChanged(cameraId),
      onKeyMissing: (cameraId) => this.#keyRequests.ask([cameraId]),
      onFatal: deps.onFatal,
      onFormat: (cameraId, streamId, format, audioFormat) => {
        this.#recorder.setFormat(streamId, format);
        this.#toRelay({ type: "format", cameraId, streamId, format, audioFormat });
      },
    };
    const tick = clock.every(millis(TICK_MS), () => this.#tick());
    const report = clock.every(millis(REPORT_MS), () => this.#everySecond());
    this.#scope.add(() => this.#keys.close());
    this.#scope.add(() => this.#forwarder.close());
    this.#scope.add(() => this.#port?.close());
    // After the cameras: what they still sent is written.
    this.#scope.add(() => this.#recorder.close());
    this.#scope.add(async () => {
      await Promise.all([...this.#leaving, ...[...this.#cameras.values()].map((camera) => camera.close())]);
    });
    this.#scope.add(() => {
      gate.close();
      tick.cancel();
      report.cancel();
    });
  }

  /** Commands of the main thread. Never throws: what fails is reported or logged by whom it concerns. */
  handle(message: ToIngest): void {
    switch (message.type) {
      case "relay-port":
        this.#attachRelay(message.port);
        break;
      case "put-camera":
        this.#putCamera(message.camera);
        break;
      case "remove-camera":
        this.#removeCamera(message.cameraId);
        break;
      case "keys":
        this.#putKeys(message.keys);
        break;
      case "recording":
        this.#recorder.setPlans(message.plans, message.flushMs);
        for (const camera of this.#cameras.values()) camera.applyWants();
        break;
      case "probe":
        void this.#probe(message.requestId, message.source, message.timeoutMs);
        break;
      case "stats":
        this.#deps.send({ type: "stats", requestId: message.requestId, ...this.#totals, streams: this.#pulled() });
        break;
      case "close":
        void this.close();
        break;
    }
  }

  /** Hangs up every camera, then says `closed`. Idempotent. */
  async close(): Promise<void> {
    const first = !this.#scope.closed;
    await this.#scope.close();
    if (first) this.#deps.send({ type: "closed" });
  }

  #attachRelay(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    this.#wanted.clear();
    port.on("message", (message: RelayToIngest) => {
      if (port === this.#port) this.#fromRelay(message);
    });
    port.on("close", () => {
      if (port !== this.#port) return;
      this.#port = undefined;
      this.#forwarder.detach();
    });
    this.#forwarder.attach((buffer) =>
      this.#toRelay({ type: "frames", buffer, byteLength: buffer.byteLength }, [buffer]),
    );
    for (const camera of this.#cameras.values()) {
      camera.repeatFormats();
      // What the relay before wanted lingers, and goes unless this one wants it too.
      camera.applyWants();
    }
  }

  #fromRelay(message: RelayToIngest): void {
    if (message.type === "ack") {
      this.#forwarder.ack(message.bytes);
      return;
    }
    if (!message.wanted) this.#wanted.delete(message.streamId);
    else if (this.#wanted.size < MAX_WANTED) this.#wanted.add(message.streamId);
    for (const camera of this.#cameras.values()) {
      if (camera.has(message.streamId)) camera.applyWants();
    }
  }

  #toRelay(message: IngestToRelay, transfer: ArrayBuffer[] = []): void {
    this.#port?.postMessage(message, transfer);
  }

  #putCamera(source: CameraSource): void {
    const camera = this.#cameras.get(source.id);
    if (camera) camera.update(source);
    else this.#cameras.set(source.id, new Camera(this.#cameraDeps, source));
    this.#askForKeys();
  }

  #removeCamera(cameraId: string): void {
    const camera = this.#cameras.get(cameraId);
    this.#cameras.delete(cameraId);
    this.#changed.delete(cameraId);
    if (!camera) return;
    this.#keys.removeCamera(cameraId);
    const leaving = camera.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #putKeys(keys: readonly SealKey[]): void {
    const cameras = new Set<string>();
    for (const key of keys) {
      if (!this.#cameras.has(key.cameraId)) continue;
      try {
        this.#keys.put(key);
        cameras.add(key.cameraId);
      } catch {
        // Malformed: this camera stays without a key, so unsealed and unpulled, and says so. It is asked for again.
      }
      key.key.fill(0);
    }
    this.#keyRequests.answered(cameras);
    for (const id of cameras) this.#cameras.get(id)?.keysArrived();
  }

  async #probe(requestId: number, source: ProbeSource, timeoutMs: number): Promise<void> {
    const { clock, startPull, send } = this.#deps;
    try {
      if (this.#probes >= MAX_PROBES) throw new FluxError("probe.busy", "too many connection tests at once; try again");
      this.#probes++;
      try {
        const result = await probe({ clock, startPull }, source, timeoutMs);
        send({ type: "probe-result", requestId, result });
      } finally {
        this.#probes--;
      }
    } catch (error) {
      const failure = { code: errorCode(error) ?? "probe.failed", message: describeError(error) };
      send({ type: "probe-result", requestId, error: failure });
    }
  }

  #tick(): void {
    for (const camera of this.#cameras.values()) camera.tick();
  }

  #everySecond(): void {
    this.#keys.expire(epochAt(this.#deps.clock.utcMicros()));
    this.#askForKeys();
    this.#changed.clear();
    this.#deps.send({ type: "status", statuses: [...this.#cameras.values()].map((camera) => camera.status) });
  }

  #askForKeys(): void {
    const enabled = [...this.#cameras].filter(([, camera]) => camera.enabled).map(([id]) => id);
    this.#keyRequests.askIfDue(enabled);
  }

  #statusChanged(cameraId: string): void {
    if (this.#changed.size === 0) this.#deps.defer(() => this.#reportChanged());
    this.#changed.add(cameraId);
  }

  #reportChanged(): void {
    const statuses = [...this.#changed].flatMap((id) => this.#cameras.get(id)?.status ?? []);
    this.#changed.clear();
    if (statuses.length > 0 && !this.#scope.closed) this.#deps.send({ type: "status", statuses });
  }

  #pulled(): number {
    let count = 0;
    for (const camera of this.#cameras.values()) count += camera.pulledStreams;
    return count;
  }
}
