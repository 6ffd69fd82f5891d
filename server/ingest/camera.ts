import type { Clock } from "../../shared/lib/clock.ts";
import { errorCode } from "../../shared/lib/errors.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import type { CameraSource, CameraStatus, StreamSource } from "../control/media-plane.ts";
import type { ChunkPool } from "../record/chunk-pool.ts";
import type { Recorder } from "../record/recorder.ts";
import type { KeyRing } from "../seal/key-ring.ts";
import type { NonceCounters } from "../seal/sealer.ts";
import { cameraStatus } from "./camera-state.ts";
import type { ConnectGate } from "./connect-gate.ts";
import type { Forwarder } from "./forwarder.ts";
import { type Scratch, type SealingTotals, StreamSealing } from "./stream-sealing.ts";
import { type StartPull, StreamSession, type StreamSessionOptions } from "./stream-session.ts";

export interface CameraDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly gate: ConnectGate;
  readonly startPull: StartPull;
  readonly keys: KeyRing;
  readonly counters: NonceCounters;
  readonly forwarder: Forwarder;
  readonly recorder: Recorder;
  readonly scratch: Scratch;
  readonly gopPool: ChunkPool;
  readonly totals: SealingTotals;
  /** To be pulled: by a viewer's or the recorder's wish. */
  readonly wanted: (streamId: number) => boolean;
  /** By a viewer's wish. */
  readonly watched: (streamId: number) => boolean;
  readonly onStatus: (cameraId: string) => void;
  readonly onKeyMissing: (cameraId: string) => void;
  /** The nonces of this generation are spent: only a new thread with a new generation can go on. */
  readonly onFatal: (error: unknown) => void;
  readonly onFormat: (
    cameraId: string,
    streamId: number,
    format: StreamFormat,
    audioFormat: StreamFormat | undefined,
  ) => void;
}

interface Entry {
  readonly source: StreamSource;
  readonly session: StreamSession;
  readonly sealing: StreamSealing;
}

/** One camera: a session per stream, the cheapest pulled always, the others while wanted. */
export class Camera {
  readonly #deps: CameraDeps;
  #source: CameraSource;
  readonly #streams = new Map<number, Entry>();
  /** Sessions that hang up; `close` waits for them too. */
  readonly #leaving = new Set<Promise<void>>();

  constructor(deps: CameraDeps, source: CameraSource) {
    this.#deps = deps;
    this.#source = source;
    this.update(source);
  }

  get enabled(): boolean {
    return this.#source.enabled;
  }

  has(streamId: number): boolean {
    return this.#streams.has(streamId);
  }

  get pulledStreams(): number {
    let count = 0;
    for (const { session } of this.#streams.values()) if (session.pulling) count++;
    return count;
  }

  get status(): CameraStatus {
    return cameraStatus(
      this.#source,
      [...this.#streams.values()].map(({ session }) => session.status),
    );
  }

  /** Streams whose address, credentials and transport stay the same keep running. */
  update(source: CameraSource): void {
    const before = this.#source;
    this.#source = source;
    const streams = source.enabled ? source.streams : [];
    const stays = (stream: StreamSource): boolean => {
      const entry = this.#streams.get(stream.streamId);
      return entry !== undefined && sameAccess(before, source) && sameStream(entry.source, stream);
    };
    const staying = new Set(streams.filter(stays).map(({ streamId }) => streamId));
    for (const [id, entry] of this.#streams) {
      if (!staying.has(id)) this.#remove(id, entry);
    }
    // Some cameras allow one session only: the old ones hang up before the new ones connect.
    const after = this.#leaving.size === 0 ? undefined : Promise.allSettled(this.#leaving);
    for (const stream of streams) {
      if (staying.has(stream.streamId)) continue;
      this.#streams.set(stream.streamId, this.#open(stream, after));
    }
    this.applyWants();
    this.#deps.onStatus(source.id);
  }

  applyWants(): void {
    const always = this.#alwaysPulled();
    for (const [id, { session, sealing }] of this.#streams) {
      session.setWanted(id === always || this.#deps.wanted(id));
      sealing.relayChanged();
    }
  }

  keysArrived(): void {
    for (const { session } of this.#streams.values()) session.unblocked();
  }

  tick(): void {
    for (const { session } of this.#streams.values()) session.tick();
  }

  /** Tells the formats again, for a relay that has just been attached. */
  repeatFormats(): void {
    for (const [id, { session }] of this.#streams) {
      if (session.format) this.#deps.onFormat(this.#source.id, id, session.format, session.audioFormat);
    }
  }

  async close(): Promise<void> {
    for (const [id, entry] of this.#streams) this.#remove(id, entry);
    await Promise.all(this.#leaving);
  }

  /** The sub stream; of a camera with one stream, that one. */
  #alwaysPulled(): number | undefined {
    const entries = [...this.#streams];
    return (entries.find(([, { source }]) => source.role === "sub") ?? entries[0])?.[0];
  }

  #remove(id: number, { session, sealing }: Entry): void {
    this.#streams.delete(id);
    sealing.streamDown();
    const leaving = session.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  #open(stream: StreamSource, after: Promise<unknown> | undefined): Entry {
    const { deps, camera } = { deps: this.#deps, camera: this.#source };
    const sealing = new StreamSealing({
      clock: deps.clock,
      cameraId: camera.id,
      streamId: stream.streamId,
      keys: deps.keys,
      counters: deps.counters,
      forwarder: deps.forwarder,
      recorder: deps.recorder,
      scratch: deps.scratch,
      gopPool: deps.gopPool,
      // Of sub streams the relay has the newest GOP at any time: they stand in for the others.
      relayed: () => stream.role === "sub" || deps.watched(stream.streamId),
      totals: deps.totals,
      onKeyMissing: () => deps.onKeyMissing(camera.id),
    });
    const options: StreamSessionOptions = {
      streamId: stream.streamId,
      role: stream.role,
      pull: {
        url: stream.url,
        username: camera.username,
        password: camera.password,
        transport: camera.transport,
        allowUntrustedCertificate: camera.allowUntrustedCertificate,
        wantAudio: true,
      },
      clock: deps.clock,
      random: deps.random,
      gate: deps.gate,
      startPull: deps.startPull,
      sink: {
        onUnit: (unit) => {
          try {
            sealing.onUnit(unit);
          } catch (error) {
            if (errorCode(error) === "seal.exhausted") deps.onFatal(error);
            throw error;
          }
        },
        onDown: (reason) => {
          sealing.streamDown();
          deps.recorder.interrupted(stream.streamId, "camera-offline", reason);
        },
        onFormat: (format, audio) => deps.onFormat(camera.id, stream.streamId, format, audio),
        blocked: () => {
          if (sealing.hasKey()) return undefined;
          deps.recorder.interrupted(stream.streamId, "no-key");
          deps.onKeyMissing(camera.id);
          return "no key to seal with: not pulled";
        },
        get droppedFrames() {
          return sealing.droppedFrames;
        },
        get clockOffsetMs() {
          return sealing.clockOffsetMs;
        },
      },
      after,
      onChange: () => deps.onStatus(camera.id),
    };
    return { source: stream, session: new StreamSession(options), sealing };
  }
}

function sameAccess(a: CameraSource, b: CameraSource): boolean {
  return (
    a.username === b.username &&
    a.password === b.password &&
    a.transport === b.transport &&
    a.allowUntrustedCertificate === b.allowUntrustedCertificate
  );
}

function sameStream(a: StreamSource, b: StreamSource): boolean {
  return a.url === b.url && a.role === b.role;
}
