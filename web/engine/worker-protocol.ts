import type { CameraState, QualityLevel } from "../../shared/wire/control-messages.ts";

/** Messages between the page and the wall worker. The page never sees a frame. */

export interface TileSpec {
  readonly tileId: string;
  readonly cameraId: string;
  /** Device pixels on the canvas. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** contain: letterbox; cover: fill and crop. */
  readonly fit: "contain" | "cover";
  /** Digital zoom window within the picture, 0..1; whole picture when absent. */
  readonly view?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
}

export type RendererKind = "webgpu" | "webgl2" | "none";
export type TransportKind = "webtransport" | "websocket" | "none";
export type ConnectionState = "idle" | "connecting" | "open" | "reconnecting" | "signed-out";

/** Why a tile has no moving picture. Keys of the UI's translations under `tile.reason.*`. */
export type TileReason =
  | "connecting"
  | "waiting-keyframe"
  | "no-key"
  | "denied"
  | "camera-offline"
  | "camera-unauthorised"
  | "camera-disabled"
  | "codec-unsupported"
  | "decode-failed"
  | "no-pictures"
  | "server-unreachable"
  | "no-renderer"
  /** Archive: nothing recorded at this time. */
  | "no-footage"
  /** Archive: the key was destroyed. */
  | "key-revoked"
  | "paused";

export interface TileStats {
  readonly tileId: string;
  readonly cameraId: string;
  readonly state: "live" | "stalled" | "waiting" | "error";
  readonly reason: TileReason | undefined;
  /** The camera's own last error or the decoder's, for the tile and the tooltip. */
  readonly detail: string | undefined;
  readonly cameraState: CameraState | undefined;
  readonly recording: boolean;
  readonly decodedFps: number;
  readonly drawnFps: number;
  readonly droppedFrames: number;
  readonly latencyMs: number | undefined;
  readonly codec: string | undefined;
  readonly width: number;
  readonly height: number;
  readonly bitrateKbps: number;
  readonly level: QualityLevel | undefined;
  readonly role: "main" | "sub" | undefined;
  /** Sound comes with the live pictures, where it was wished for. */
  readonly sound?: boolean;
  readonly limitedBy: string | undefined;
  readonly decoder: "hardware" | "software" | undefined;
  /** Live: capture time of the picture that is drawn, µs UTC of the server. */
  readonly liveCaptureMicros?: number | undefined;
  /** In the archive: the same. Only tiles of the archive have this field. */
  readonly captureMicros?: number | undefined;
  /** In the archive: how long the stages of the last seek took, ms. */
  readonly seekMs?: Readonly<Record<string, number>> | undefined;
}

export interface WallStats {
  readonly renderer: RendererKind;
  readonly rendererDetail: string | undefined;
  readonly transport: TransportKind;
  readonly transportDetail: string | undefined;
  readonly connection: ConnectionState;
  readonly tiles: readonly TileStats[];
  readonly drawFps: number;
  readonly receivedKbps: number;
  /** p95 over tiles, ms. */
  readonly latencyMs: number | undefined;
  readonly serverCpu: number | undefined;
  readonly openVideoFrames: number;
}

/** Of a wall that does nothing yet. */
export const NO_STATS: WallStats = {
  renderer: "none",
  rendererDetail: undefined,
  transport: "none",
  transportDetail: undefined,
  connection: "idle",
  tiles: [],
  drawFps: 0,
  receivedKbps: 0,
  latencyMs: undefined,
  serverCpu: undefined,
  openVideoFrames: 0,
};

export interface ConnectOptions {
  /** Access token; renewed by `token` messages. */
  readonly token: string;
  /** wss://host/api/v1/live */
  readonly webSocketUrl: string;
  readonly webTransport: { readonly url: string; readonly certificateHashBase64: string | undefined } | undefined;
  /** Overrides for tests and support. */
  readonly transport?: "auto" | "websocket" | "webtransport";
}

/** What one of the archive's clocks does. */
export interface ClockState {
  /** µs UTC; undefined while live. */
  readonly positionMicros: number | undefined;
  /** 0.25 to 16; negative: backward. 0 is pause. */
  readonly rate: number;
  /** Pictures are on their way; the clock waits for them. */
  readonly buffering: boolean;
  readonly loop: { readonly startMicros: number; readonly endMicros: number } | undefined;
}

/** A tile's own clock (SYNC off). */
export interface FreeClock extends ClockState {
  readonly tileId: string;
  readonly positionMicros: number;
}

/** The shared clock's state: a wall is live or in the archive, all tiles together unless out of sync. */
export interface PlaybackState extends ClockState {
  readonly mode: "live" | "archive";
  /** Tiles that follow their own clock, whatever the mode. */
  readonly free: readonly FreeClock[];
  /** Tiles that are live while the others are in the archive. */
  readonly liveTiles: readonly string[];
}

export const LIVE_CLOCK: ClockState = { positionMicros: undefined, rate: 1, buffering: false, loop: undefined };
export const LIVE_PLAYBACK: PlaybackState = { ...LIVE_CLOCK, mode: "live", free: [], liveTiles: [] };

/** `tileId` left out: the shared clock; given: that tile alone, which then follows its own clock until `sync`. */
export type PlaybackCommand =
  | { readonly kind: "live"; readonly tileId?: string }
  /**
   * Goes to the archive. Sent often while scrubbing: `scrub` shows the nearest keyframe only, a last one without it seeks
   * exactly. `rate`: at once with the seek; a rate that is sent after it comes when the clock may have gone on already.
   */
  | {
      readonly kind: "seek";
      readonly micros: number;
      readonly scrub?: boolean;
      readonly rate?: number;
      readonly tileId?: string;
    }
  | { readonly kind: "rate"; readonly rate: number; readonly tileId?: string }
  /** One picture of the tile (the shared clock: of the selected tile), and everyone to its time. */
  | { readonly kind: "step"; readonly direction: 1 | -1; readonly tileId?: string }
  | { readonly kind: "loop"; readonly startMicros: number; readonly endMicros: number; readonly tileId?: string }
  | { readonly kind: "no-loop"; readonly tileId?: string }
  | { readonly kind: "sync" }
  /** The tile whose sound is heard, in the archive, at the speed of life; left out: none. */
  | { readonly kind: "hear"; readonly tileId?: string };

/** A stretch of sound. */
export interface SoundPiece {
  /** When it is to be heard, µs UTC of this machine. */
  readonly atMicros: number;
  /** Capture time of its first sample, µs UTC. */
  readonly micros: number;
  readonly sampleRate: number;
  /** One array a channel, samples from -1 to 1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
}

export type ToWall =
  /** Line to the archive; goes with `connect`. */
  | { readonly type: "archive"; readonly webSocketUrl: string; readonly token: string }
  | { readonly type: "playback"; readonly command: PlaybackCommand }
  /** The keyframe at or before that time, small, for a timeline's hover; answered by `thumbnail`. Newer ones of a camera displace older. */
  | {
      readonly type: "thumbnail";
      readonly requestId: number;
      readonly cameraId: string;
      readonly micros: number;
      readonly widthPx: number;
    }
  | {
      readonly type: "init";
      readonly canvas: OffscreenCanvas;
      readonly renderer: "auto" | "webgpu" | "webgl2";
      /** `gpu`: shade on the GPU even where it is emulated on the processor. */
      readonly shading?: "auto" | "gpu";
    }
  /** With the addresses of the line that is up already, it stays up. */
  | { readonly type: "connect"; readonly options: ConnectOptions }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "resize"; readonly width: number; readonly height: number }
  | { readonly type: "tiles"; readonly tiles: readonly TileSpec[] }
  | { readonly type: "visible"; readonly visible: boolean }
  | { readonly type: "stats"; readonly requestId: number }
  /** A picture of one tile at source resolution. */
  | {
      readonly type: "snapshot";
      readonly requestId: number;
      readonly tileId: string;
      readonly mimeType: "image/png" | "image/jpeg";
    }
  | { readonly type: "close" };

export type FromWall =
  | { readonly type: "ready"; readonly renderer: RendererKind; readonly detail: string | undefined }
  /** Twice a second, and at once when a tile's state changes. */
  | {
      readonly type: "update";
      readonly stats: WallStats;
      /** The server's UTC now, µs, as the live line knows it; undefined before its first round trip. */
      readonly serverMicros: number | undefined;
    }
  /** At each change, and ten times a second while the clock runs. */
  | { readonly type: "playback"; readonly state: PlaybackState }
  /** undefined: silence, at once. */
  | { readonly type: "sound"; readonly piece: SoundPiece | undefined }
  /** `micros`: capture time of the picture. The bitmap is transferred. */
  | {
      readonly type: "thumbnail";
      readonly requestId: number;
      readonly bitmap: ImageBitmap | undefined;
      readonly micros: number | undefined;
    }
  | { readonly type: "stats"; readonly requestId: number; readonly stats: WallStats }
  | { readonly type: "snapshot"; readonly requestId: number; readonly blob: Blob | undefined }
  /** The access token is refused: the page must sign in or refresh, then send `connect`. */
  | { readonly type: "session-expired"; readonly code: string }
  /** The line was lost or WebTransport failed: the page should ask for the addresses again and send `connect`. */
  | { readonly type: "config-needed" }
  | { readonly type: "fatal"; readonly code: string; readonly message: string }
  | { readonly type: "closed" };
