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
  readonly limitedBy: string | undefined;
  readonly decoder: "hardware" | "software" | undefined;
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

export interface ConnectOptions {
  /** Access token; renewed by `token` messages. */
  readonly token: string;
  /** wss://host/api/v1/live */
  readonly webSocketUrl: string;
  readonly webTransport: { readonly url: string; readonly certificateHashBase64: string | undefined } | undefined;
  /** Overrides for tests and support. */
  readonly transport?: "auto" | "websocket" | "webtransport";
}

export type ToWall =
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
  | { readonly type: "update"; readonly stats: WallStats }
  | { readonly type: "stats"; readonly requestId: number; readonly stats: WallStats }
  | { readonly type: "snapshot"; readonly requestId: number; readonly blob: Blob | undefined }
  /** The access token is refused: the page must sign in or refresh, then send `connect`. */
  | { readonly type: "session-expired"; readonly code: string }
  /** The line was lost or WebTransport failed: the page should ask for the addresses again and send `connect`. */
  | { readonly type: "config-needed" }
  | { readonly type: "fatal"; readonly code: string; readonly message: string }
  | { readonly type: "closed" };
