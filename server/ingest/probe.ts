import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import { type AccessUnit, CODEC_IDS, type StreamFormat } from "../../shared/media/types.ts";
import type { ProbeResult, ProbeSource } from "../control/media-plane.ts";
import type { Pull } from "../rtsp/pull.ts";
import type { StartPull } from "./stream-session.ts";

/** After the first keyframe the stream is watched this long, to tell its rate. */
export const PROBE_MEASURE_MS = 1_500;

export interface ProbeDeps {
  readonly clock: Clock;
  readonly startPull: StartPull;
}

/**
 * Connects once, takes the first keyframe, measures, hangs up.
 * Rejects with `rtsp.*`, or with `probe.timeout` when no keyframe comes in time.
 */
export async function probe(deps: ProbeDeps, source: ProbeSource, timeoutMs: number): Promise<ProbeResult> {
  const { clock, startPull } = deps;
  const startedMs = clock.monotonicMs();
  const seen = new Observation();
  const timers: Timer[] = [];
  let pull: Pull | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const timeout = clock.after(millis(timeoutMs), () => {
        reject(
          new FluxError(
            "probe.timeout",
            seen.session
              ? `connected, but no keyframe came within ${Math.round(timeoutMs / 1000)} s`
              : `no answer within ${Math.round(timeoutMs / 1000)} s`,
          ),
        );
      });
      timers.push(timeout);
      pull = startPull(
        {
          url: source.url,
          username: source.username,
          password: source.password,
          transport: source.transport,
          allowUntrustedCertificate: source.allowUntrustedCertificate,
          clock,
          wantAudio: true,
          connectTimeout: millis(timeoutMs),
          stallTimeout: millis(timeoutMs),
        },
        {
          onSession: (session) => {
            seen.session = session;
          },
          onFormat: (format, audio) => {
            seen.format = format;
            seen.audioFormat = audio;
          },
          onAccessUnit: (unit) => {
            if (!seen.onUnit(unit, clock.monotonicMs())) return;
            timeout.cancel();
            timers.push(clock.after(millis(PROBE_MEASURE_MS), resolve));
          },
        },
      );
      // A stream that ends after its first keyframe has still answered the question.
      pull.done.catch((error: unknown) => (seen.keyframe ? resolve() : reject(error)));
    });
  } finally {
    for (const timer of timers) timer.cancel();
    await pull?.close().catch(() => undefined);
  }
  return seen.result(startedMs);
}

class Observation {
  session: { transport: "tcp" | "udp"; server: string | undefined } | undefined;
  format: StreamFormat | undefined;
  audioFormat: StreamFormat | undefined;
  keyframe: Uint8Array | undefined;
  #firstMs = 0;
  #lastMs = 0;
  #frames = 0;
  #bytes = 0;

  /** True for the first keyframe. Units are borrowed: the keyframe is copied. */
  onUnit(unit: AccessUnit, nowMs: number): boolean {
    if (CODEC_IDS[unit.codec] >= CODEC_IDS.aac) return false;
    if (!this.keyframe) {
      if (!unit.keyframe) return false;
      this.keyframe = concat(unit.data);
      this.#firstMs = nowMs;
      this.#lastMs = nowMs;
      return true;
    }
    this.#frames++;
    for (const piece of unit.data) this.#bytes += piece.byteLength;
    this.#lastMs = nowMs;
    return false;
  }

  result(startedMs: number): ProbeResult {
    if (!this.keyframe || !this.format || !this.session) {
      throw new FluxError("probe.incomplete", "the camera sent a picture without describing it");
    }
    const spanMs = this.#lastMs - this.#firstMs;
    return {
      format: this.format,
      audioFormat: this.audioFormat,
      transport: this.session.transport,
      server: this.session.server,
      keyframe: this.keyframe,
      firstFrameMs: Math.round(this.#firstMs - startedMs),
      measuredFps: spanMs > 0 ? Math.round((this.#frames * 10_000) / spanMs) / 10 : 0,
      measuredKbps: spanMs > 0 ? Math.round((this.#bytes * 8) / spanMs) : 0,
    };
  }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  let bytes = 0;
  for (const piece of pieces) bytes += piece.byteLength;
  const out = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    out.set(piece, offset);
    offset += piece.byteLength;
  }
  return out;
}
