import type { ConnectionState, TileReason, TileSpec, TileStats } from "../../engine/worker-protocol.ts";
import type { ArchivePlayer } from "./archive-player.ts";

const round1 = (value: number): number => Math.round(value * 10) / 10;

/** What the page is told of a tile that plays the archive. */
export function archiveTileStats(
  { tileId, cameraId }: TileSpec,
  player: ArchivePlayer,
  connection: ConnectionState,
  visible: boolean,
): TileStats {
  return {
    tileId,
    cameraId,
    ...stateOf(player, connection, visible),
    cameraState: undefined,
    recording: false,
    decodedFps: round1(player.decodedFps),
    drawnFps: round1(player.drawnFps),
    droppedFrames: 0,
    latencyMs: undefined,
    codec: player.codecString,
    width: player.size.width,
    height: player.size.height,
    bitrateKbps: Math.round(player.kbps),
    level: undefined,
    role: player.role,
    limitedBy: undefined,
    decoder: player.site,
    captureMicros: player.drawnMicros,
    seekMs: player.seekStages,
  };
}

function stateOf(
  player: ArchivePlayer,
  connection: ConnectionState,
  visible: boolean,
): { state: TileStats["state"]; reason: TileReason | undefined; detail: string | undefined } {
  const why = player.reason;
  if (why) {
    const waits = why.reason === "no-footage" || why.reason === "no-key";
    return { state: waits ? "waiting" : "error", reason: why.reason, detail: why.detail };
  }
  if (player.condition.kind === "ready") return { state: "live", reason: undefined, detail: undefined };
  if (!visible) return { state: "waiting", reason: "paused", detail: undefined };
  if (connection === "open") return { state: "waiting", reason: "waiting-keyframe", detail: undefined };
  const calling = connection === "idle" || connection === "connecting";
  return { state: "waiting", reason: calling ? "connecting" : "server-unreachable", detail: undefined };
}
