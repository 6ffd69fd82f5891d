import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { FluxError } from "../../../shared/lib/errors.ts";
import { stampGeometry } from "../../simulator/stamp.ts";
import { type StreamUnit, unitsOf } from "../../testkit/annexb-units.ts";
import { findFfmpeg } from "../../testkit/tools.ts";
import { ROOT } from "../chromium-page.ts";

const run = promisify(execFile);
const CLIPS = join(ROOT, "server/simulator/clips");

/** Pictures of a GOP: two seconds of a camera at 15 fps. */
export const GOP_PICTURES = 30;
export const GOPS = 10;

export const FORMATS = {
  main: { width: 1280, height: 720, codecString: "avc1.4d401f", crf: "25" },
  sub: { width: 640, height: 360, codecString: "avc1.4d401e", crf: "25" },
} as const;
export type Role = keyof typeof FORMATS;

/** The same pictures as two streams of one camera; picture N carries N in its blocks. */
export interface StampedClip {
  readonly main: readonly StreamUnit[];
  readonly sub: readonly StreamUnit[];
}

export function ffmpegPath(): string {
  const ffmpeg = findFfmpeg();
  if (ffmpeg === undefined) throw new FluxError("tools.missing", "FFmpeg was not found: install it or set FFMPEG_PATH");
  return ffmpeg;
}

/** Puts the numbers of the stamp clip over a real scene, in both sizes. */
export async function stampedClip(scene: string, folder: string): Promise<StampedClip> {
  const pictures = GOP_PICTURES * GOPS;
  const { width, height } = FORMATS.main;
  const strip = `crop=${stampGeometry.width}:${stampGeometry.blockHeight}:0:0`;
  const scale = width / stampGeometry.width;
  const filter = [
    `[0:v]${strip},scale=${width}:${stampGeometry.blockHeight * scale}:flags=neighbor[strip]`,
    `[1:v]scale=${width}:${height}[scene]`,
    `[scene][strip]overlay=0:0:shortest=1,split[main][copy]`,
    `[copy]scale=${FORMATS.sub.width}:${FORMATS.sub.height}[sub]`,
  ].join(";");
  const inputs = [
    ...["-r", "15", "-i", join(CLIPS, stampGeometry.clip)],
    ...["-stream_loop", "-1", "-r", "15", "-i", join(CLIPS, `${scene}-main.h264`)],
  ];
  const files = { main: join(folder, `${scene}-main.h264`), sub: join(folder, `${scene}-sub.h264`) };
  const outputs = (["main", "sub"] as const).flatMap((role) => [
    ...["-map", `[${role}]`, "-frames:v", String(pictures), "-c:v", "libx264", "-preset", "veryfast"],
    ...["-profile:v", "main", "-bf", "0", "-g", String(GOP_PICTURES), "-keyint_min", String(GOP_PICTURES)],
    ...["-sc_threshold", "0", "-crf", FORMATS[role].crf, "-pix_fmt", "yuv420p"],
    ...["-bsf:v", "h264_metadata=aud=insert", "-f", "h264", files[role]],
  ]);
  await run(ffmpegPath(), ["-v", "error", "-y", ...inputs, "-filter_complex", filter, ...outputs]);
  const [main, sub] = await Promise.all([readFile(files.main), readFile(files.sub)]);
  return { main: unitsOf(main), sub: unitsOf(sub) };
}

/** GOPs of a clip, in order. */
export function gopsOf(units: readonly StreamUnit[]): StreamUnit[][] {
  return Array.from({ length: GOPS }, (_, gop) => units.slice(gop * GOP_PICTURES, (gop + 1) * GOP_PICTURES));
}
