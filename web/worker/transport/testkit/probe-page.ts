import { systemClock } from "../../../../shared/lib/clock.ts";
import { FLAG } from "../../../../shared/wire/sealed-frame.ts";
import type { ConnectOptions } from "../../../engine/worker-protocol.ts";
import { type CameraRequest, type ConnectionInfo, LiveConnection } from "../connection.ts";

/** A page that receives and counts, for tests of the transports in a real browser. */

export interface StreamFigures {
  frames: number;
  keyframes: number;
  bytes: number;
  lastSequence: number;
  /** Frames that neither continue their predecessor nor are keyframes: these would not decode. */
  broken: number;
  gaps: number;
  /** Frames that are older than one that came before: the picture would jump back. */
  backwards: number;
}

export interface ProbeFigures {
  readonly info: ConnectionInfo;
  readonly streams: Record<number, StreamFigures>;
  readonly announced: Record<string, { streamId: number; level: string; limitedBy: string | undefined }>;
  readonly control: readonly string[];
  readonly resets: number;
  /** GOPs that came after later ones. */
  readonly late: number;
  readonly expired: string | undefined;
  readonly sessionKeyBytes: number;
  readonly offsetMicros: number | undefined;
  readonly rttMs: number | undefined;
  /** Arrival at the server to receipt here, by the server's clock, worst of the last frames. */
  readonly worstDelayMs: number;
}

function start(options: ConnectOptions, cameras: readonly CameraRequest[]) {
  const streams: Record<number, StreamFigures> = {};
  const announced: ProbeFigures["announced"] = {};
  const control: string[] = [];
  let info: ConnectionInfo = { state: "idle", transport: "none", detail: undefined };
  let resets = 0;
  let late = 0;
  let expired: string | undefined;
  let sessionKeyBytes = 0;
  let worstDelayMs = 0;
  const connection = new LiveConnection(
    options,
    {
      onState: (now) => {
        info = now;
      },
      onSessionKey: (key) => {
        sessionKeyBytes = key.byteLength;
      },
      onControl: (message) => {
        control.push(message.type);
        if (message.type === "stream") {
          const { streamId, level, limitedBy } = message;
          announced[message.cameraId] = { streamId, level, limitedBy };
        }
      },
      onFrame: ({ header, bytes }) => {
        streams[header.streamId] ??= {
          frames: 0,
          keyframes: 0,
          bytes: 0,
          lastSequence: -1,
          broken: 0,
          gaps: 0,
          backwards: 0,
        };
        const figures = streams[header.streamId];
        if (!figures) return;
        const keyframe = (header.flags & FLAG.keyframe) !== 0;
        const follows = header.sequence === figures.lastSequence + 1;
        if (!follows && !keyframe) figures.broken++;
        if (!follows && figures.frames > 0) figures.gaps++;
        if (header.sequence <= figures.lastSequence) figures.backwards++;
        figures.frames++;
        figures.bytes += bytes.byteLength;
        if (keyframe) figures.keyframes++;
        figures.lastSequence = header.sequence;
        if (figures.keyframes > 1 && connection.serverOffsetMicros !== undefined) {
          worstDelayMs = Math.max(worstDelayMs, (connection.serverNow() - header.arrivalTime) / 1000);
        }
      },
      onGopReset: () => {
        resets++;
      },
      onGopLate: () => {
        late++;
      },
      onExpired: (code) => {
        expired = code;
      },
    },
    { clock: systemClock() },
  );
  connection.subscribe(cameras);
  connection.start();
  return {
    connection,
    figures: (): ProbeFigures => ({
      info,
      streams,
      announced,
      control,
      resets,
      late,
      expired,
      sessionKeyBytes,
      offsetMicros: connection.serverOffsetMicros,
      rttMs: connection.rttMs,
      worstDelayMs,
    }),
    resetDelay: (): void => {
      worstDelayMs = 0;
    },
  };
}

export type Probe = ReturnType<typeof start>;
Object.assign(globalThis, { startProbe: start });
