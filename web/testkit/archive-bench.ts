import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import type { PlaybackState, SoundPiece, TileSpec, TileStats } from "../engine/worker-protocol.ts";
import { Archive } from "../worker/archive/archive.ts";
import { DecoderPool } from "../worker/decode/decoder-pool.ts";
import { h264Delta, h264Keyframe } from "./h264.ts";
import { MemoryArchive } from "./memory-archive.ts";
import { PlayingBackend } from "./playing-backend.ts";

export const START = 1_700_000_000_000_000;
export const NOW = START + 3_600_000_000;
/** 25 pictures a second, 20 in a GOP. */
export const FRAME = 40_000;
export const GOP = 20 * FRAME;

export const camera = (index: number): string => `11111111-2222-4333-8444-00000000000${index}`;

export function tile(index: number, changes: Partial<TileSpec> = {}): TileSpec {
  const place = { x: 0, y: 0, width: 320, height: 180, fit: "contain" } as const;
  return { tileId: `tile-${index}`, cameraId: camera(index), ...place, ...changes };
}

function bitmap(timestamp: number): ImageBitmap {
  return { width: timestamp, height: 1, close: () => undefined } as unknown as ImageBitmap;
}

/** The archive's side of a wall on a clock of its own, with a server in memory and a decoder that plays by itself. */
export class ArchiveBench {
  readonly clock = new SimulatedClock(micros(NOW));
  readonly backend = new PlayingBackend();
  readonly server: MemoryArchive;
  readonly archive: Archive;
  readonly states: PlaybackState[] = [];
  /** What was to be heard; undefined: silence. */
  readonly sounds: (SoundPiece | undefined)[] = [];
  /** Pictures that no tile shows any more. */
  readonly gone: string[] = [];
  readonly #frames: (() => void)[] = [];
  /** Capture times of the pictures that were drawn, by picture. */
  readonly #drawn = new Map<string, number[]>();

  static async create(): Promise<ArchiveBench> {
    return new ArchiveBench(await loadFluxCrypto());
  }

  private constructor(crypto: Awaited<ReturnType<typeof loadFluxCrypto>>) {
    this.server = new MemoryArchive(crypto);
    this.archive = new Archive(
      {
        clock: this.clock,
        crypto,
        pool: new DecoderPool(this.clock, this.backend),
        open: this.server.open,
        createOffer: this.server.createOffer,
        serverNowMicros: () => this.clock.utcMicros(),
        requestFrame: (run) => this.#frames.push(run),
        shrink: (frame) => Promise.resolve(bitmap(frame.timestamp)),
        copy: (one) => Promise.resolve(one),
      },
      {
        onState: (state) => this.states.push(state),
        onSound: (piece) => this.sounds.push(piece),
        onLiveTilesChanged: () => undefined,
        onPictureWaiting: () => undefined,
        onTileChange: () => undefined,
        onPictureGone: (pictureId) => this.gone.push(pictureId),
        onSessionExpired: () => undefined,
      },
    );
    this.archive.connect("ws://archive/", "t");
  }

  record(index: number, gops = 30, fromMicros = START): void {
    this.server.record(camera(index), { fromMicros, gops, framesPerGop: 20, intervalMicros: FRAME });
  }

  /** 24 s of pictures, with 20 ms of G.711 after another where `sound`. */
  recordSound(index: number, role: "main" | "sub", sound: boolean): void {
    const units = Array.from({ length: 600 }, (_, at) => {
      const keyframe = at % 20 === 0;
      return { keyframe, data: keyframe ? h264Keyframe() : h264Delta() };
    });
    const frames = Array.from({ length: 1200 }, () => new Uint8Array(160).fill(0x80));
    this.server.recordUnits(camera(index), {
      ...{ fromMicros: START, intervalMicros: FRAME, units, role, streamId: role === "main" ? 7 : 3 },
      format: { codecString: "avc1.42c01e", width: 640, height: 360 },
      ...(sound ? { sound: { codec: "pcmu", frames } } : {}),
    });
  }

  /** Lets time pass in animation frames. */
  async run(ms: number, stepMs = 20): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.clock.advance(millis(stepMs));
      for (const frame of this.#frames.splice(0)) frame();
      for (let i = 0; i < 400; i++) await Promise.resolve();
      this.#draw();
    }
  }

  /** At that picture, standing; what was drawn before is forgotten. */
  async stand(frame: number): Promise<void> {
    this.archive.command({ kind: "seek", micros: START + frame * FRAME });
    this.archive.command({ kind: "rate", rate: 0 });
    await this.run(40);
    this.forgetDrawn();
  }

  forgetDrawn(): void {
    this.#drawn.clear();
  }

  /** Capture times of what was drawn. */
  shown(index = 1): number[] {
    return this.#drawn.get(`archive//${camera(index)}`) ?? [];
  }

  /** The same as numbers of the pictures since the start of the recording. */
  shownFrames(index = 1): number[] {
    return this.shown(index).map((time) => (time - START) / FRAME);
  }

  stats(index = 1): TileStats {
    const found = this.archive.stats(tile(index));
    if (!found) throw new Error("the tile is live");
    return found;
  }

  /** Returns what is left over: open frames and timers. */
  close(): { readonly frames: number; readonly timers: number } {
    const sources = [...this.archive.sources()];
    this.archive.close();
    for (const source of sources) source.playhead.close();
    this.clock.advance(millis(100));
    return { frames: this.backend.open, timers: this.clock.pendingTimers };
  }

  /** As the screen does: takes what waits and draws it. */
  #draw(): void {
    for (const source of this.archive.sources()) {
      const picture = source.playhead.take();
      if (!picture) continue;
      picture.owned.close();
      source.shown();
      source.drawn(640, 360, undefined, picture.captureTime);
      this.#drawn.set(source.pictureId, [...this.shown(Number(source.cameraId.at(-1))), picture.captureTime]);
    }
  }
}
