import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { unitsOf } from "../../server/testkit/annexb-units.ts";
import type { StreamFormat } from "../../shared/media/types.ts";

const run = promisify(execFile);

export interface DayFrame {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
  /** When it is shown, in frames after the one that is decoded at the same place: B-frames make it differ. */
  readonly shownLater: number;
}

/** One round of a camera's pictures in decode order, from a keyframe. */
export interface DayFootage {
  readonly format: StreamFormat;
  readonly frames: readonly DayFrame[];
}

/** The repository's own clip. */
export async function ownFootage(): Promise<DayFootage> {
  const { clip, width, height, framesPerSecond: fps } = stampGeometry;
  const file = await readFile(join(import.meta.dirname, "../../server/simulator/clips", clip));
  const frames = unitsOf(file).map((unit) => ({ ...unit, shownLater: 0 }));
  return { format: { codec: "h264", codecString: "avc1.42c01e", width, height, fps }, frames };
}

/** People in a corridor, H.264 with B-frames: footage that is lent to the project's tests and no part of it. */
export const SHARED_CLIP = join(import.meta.dirname, "../../../shared/media/one-by-one-person-detection.mp4");

export function sharedFootageIsHere(): boolean {
  return existsSync(SHARED_CLIP);
}

/** Any H.264 file that FFmpeg can open. */
export async function footageOf(ffmpeg: string, path: string): Promise<DayFootage> {
  const filters = ["-c", "copy", "-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert", "-f", "h264", "-"];
  const options = { encoding: "buffer", maxBuffer: 512 * 1024 * 1024 } as const;
  const { stdout } = await run(ffmpeg, ["-v", "error", "-i", path, "-an", ...filters], options);
  const what = ["-select_streams", "v", "-show_entries", "packet=pts,dts:stream=width,height,r_frame_rate"];
  const facts = await run("ffprobe", ["-v", "error", ...what, "-of", "json", path], { maxBuffer: 64 * 1024 * 1024 });
  const { packets, streams } = JSON.parse(facts.stdout) as {
    packets: { pts: number; dts: number }[];
    streams: { width: number; height: number; r_frame_rate: string }[];
  };
  const [stream] = streams;
  const step = Math.min(...packets.slice(1).map(({ dts }, at) => dts - (packets[at]?.dts ?? 0)));
  const units = unitsOf(stdout);
  if (!stream || units.length !== packets.length) throw new Error(`${path}: ${units.length} of ${packets.length}`);
  const frames = units.map((unit, at) => {
    const { pts = 0, dts = 0 } = packets[at] ?? {};
    return { ...unit, shownLater: Math.round((pts - dts) / step) };
  });
  const { width, height } = stream;
  return { format: { codec: "h264", codecString: "avc1.4d401f", width, height, fps: 10 }, frames };
}
