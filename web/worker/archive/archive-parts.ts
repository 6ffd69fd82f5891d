import type { FluxCrypto } from "../../../shared/crypto/crypto.ts";
import type { Clock } from "../../../shared/lib/clock.ts";
import type { PlaybackState, SoundPiece } from "../../engine/worker-protocol.ts";
import type { DecoderPool } from "../decode/decoder-pool.ts";
import type { SessionKeyOffer } from "../transport/session-key.ts";
import type { OpenArchiveLine } from "./archive-socket.ts";

export interface ArchiveEvents {
  onState(state: PlaybackState): void;
  /** Other tiles are live than before. */
  onLiveTilesChanged(): void;
  /** A picture waits at a source, or a tile's picture is another one. */
  onPictureWaiting(): void;
  /** To be heard; undefined: silence, at once. */
  onSound(piece: SoundPiece | undefined): void;
  /** A tile's state has changed. */
  onTileChange(): void;
  /** No tile shows this picture any more. */
  onPictureGone(pictureId: string, cameraId: string): void;
  onSessionExpired(code: string): void;
}

export interface ArchiveDeps {
  readonly clock: Clock;
  readonly crypto: FluxCrypto;
  readonly pool: DecoderPool;
  readonly open: OpenArchiveLine;
  /** For tests. */
  readonly createOffer?: () => Promise<SessionKeyOffer>;
  /** The server's UTC as the live line knows it; undefined before its first round trip. */
  serverNowMicros(): number | undefined;
  requestFrame(run: () => void): void;
  shrink(frame: VideoFrame, widthPx: number): Promise<ImageBitmap>;
  copy(bitmap: ImageBitmap): Promise<ImageBitmap>;
}
