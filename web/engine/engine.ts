import type { ConnectOptions, PlaybackCommand, PlaybackState, TileSpec, WallStats } from "./worker-protocol.ts";

/** The facade React sees. Everything behind it runs in the wall worker. */
export interface WallEngine {
  /** Called once with the page's canvas, whose control moves to the worker. */
  attach(canvas: HTMLCanvasElement): void;
  /** A working line to the same addresses stays up. */
  connect(options: ConnectOptions): void;
  setToken(token: string): void;
  /** Device pixels. */
  resize(width: number, height: number): void;
  setTiles(tiles: readonly TileSpec[]): void;
  setVisible(visible: boolean): void;
  /** Latest snapshot; the same object until the next update (fits useSyncExternalStore). */
  current(): WallStats;
  subscribe(listener: () => void): () => void;
  onSessionExpired(listener: (code: string) => void): () => void;
  /** The addresses may have changed: fetch them again and `connect`. Told at every lost line; the listener limits the rate. */
  onConfigNeeded(listener: () => void): () => void;
  /** Asks the worker for fresh figures. */
  stats(): Promise<WallStats>;
  /** Playback: what the clock does now; the same object until the next change. */
  playback(): PlaybackState;
  command(command: PlaybackCommand): void;
  onPlayback(listener: () => void): () => void;
  /** undefined: no footage, or displaced by a newer wish. The caller closes the bitmap. */
  thumbnail(
    cameraId: string,
    micros: number,
    widthPx: number,
  ): Promise<{ bitmap: ImageBitmap; micros: number } | undefined>;
  snapshot(tileId: string, mimeType: "image/png" | "image/jpeg"): Promise<Blob | undefined>;
  close(): Promise<void>;
}
