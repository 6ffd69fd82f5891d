import type { CameraStatusBody } from "../../shared/api/schemas.ts";
import type { Micros } from "../../shared/lib/time.ts";
import type { StreamFormat } from "../../shared/media/types.ts";
import type { CameraStatus, StreamStatus } from "./media-plane.ts";
import { publicReason } from "./public-reason.ts";

type StreamBody = CameraStatusBody["streams"][number];

/**
 * What the API says of a camera. Without a status: it was never pulled. `detailed`: with the errors' own words, which
 * may name addresses of the camera network.
 */
export function statusBody(status: CameraStatus | undefined, enabled: boolean, detailed: boolean): CameraStatusBody {
  const streams = (status?.streams ?? []).map((stream) => streamBody(stream, detailed));
  const shown = streams.find((stream) => stream.role === "sub") ?? streams[0];
  return {
    state: enabled ? (status?.state ?? "connecting") : "disabled",
    fps: shown?.fps ?? 0,
    bitrateKbps: shown?.bitrateKbps ?? 0,
    codec: shown?.format?.codec ?? null,
    width: shown?.format?.width ?? 0,
    height: shown?.format?.height ?? 0,
    lastFrameAt: shown?.lastFrameAt ?? null,
    reconnects: shown?.reconnects ?? 0,
    lastError: shown?.lastError ?? told(status?.reason, status?.reasonCode, detailed),
    streams,
  };
}

function told(text: string | undefined, code: string | undefined, detailed: boolean): string | null {
  if (text === undefined) return null;
  return detailed ? text : publicReason(code);
}

function streamBody(status: StreamStatus, detailed: boolean): StreamBody {
  return {
    role: status.role,
    state: status.state,
    format: formatBody(status.format),
    audioFormat: formatBody(status.audioFormat),
    fps: status.fps,
    bitrateKbps: status.bitrateKbps,
    lastFrameAt: isoTime(status.lastFrameAt),
    reconnects: status.reconnects,
    lastError: told(status.lastError, status.lastErrorCode, detailed),
    clockOffsetMs: status.clockOffsetMs ?? null,
    clockDriftPpm: status.clockDriftPpm ?? null,
    lostPackets: status.lostPackets,
    droppedFrames: status.droppedFrames,
    transport: status.transport ?? null,
  };
}

export function formatBody(format: StreamFormat): NonNullable<StreamBody["format"]>;
export function formatBody(format: StreamFormat | undefined): StreamBody["format"];
export function formatBody(format: StreamFormat | undefined): StreamBody["format"] {
  if (!format) return null;
  const { fps, ...known } = format;
  return fps === undefined ? known : { ...known, fps };
}

function isoTime(instant: Micros | undefined): string | null {
  return instant === undefined ? null : new Date(instant / 1000).toISOString();
}
