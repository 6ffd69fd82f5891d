import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type StreamUnit, unitsOf } from "../../server/testkit/annexb-units.ts";
import { findFfmpeg } from "../../server/testkit/tools.ts";

const execute = promisify(execFile);

async function ffmpeg(args: readonly string[]): Promise<void> {
  const program = findFfmpeg();
  if (program === undefined) throw new Error("FFmpeg is missing: run `npm test`, which installs it");
  await execute(program, ["-v", "error", "-y", ...args]);
}

async function inFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "wall-clips-"));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export interface H264Options {
  /** lavfi source and filters, ending in the size and rate wanted. */
  readonly source: string;
  readonly frames: number;
  /** For libx264, e.g. `keyint=1`. */
  readonly x264?: string;
  /** More output options. */
  readonly output?: readonly string[];
}

/** Encodes an artificial scene; the units are in decode order. */
export function encodeH264({ source, frames, x264 = "", output = [] }: H264Options): Promise<StreamUnit[]> {
  return inFolder(async (folder) => {
    const file = join(folder, "clip.h264");
    const params = ["aud=1", "bframes=0", x264].filter(Boolean).join(":");
    const encode = ["-c:v", "libx264", "-preset", "veryfast", "-x264-params", params, ...output, "-f", "h264", file];
    await ffmpeg(["-f", "lavfi", "-i", source, "-frames:v", String(frames), ...encode]);
    return unitsOf(new Uint8Array(await readFile(file)));
  });
}

/** FFmpeg's own picture of a keyframe: RGB, 3 bytes a pixel. `matrix` and `range` as swscale names them. */
export function ffmpegRgb(keyframe: Uint8Array, matrix: string, range: "tv" | "pc"): Promise<Uint8Array> {
  return inFolder(async (folder) => {
    const input = join(folder, "key.h264");
    const output = join(folder, "key.rgb");
    await writeFile(input, keyframe);
    const flags = "flags=bilinear+accurate_rnd+full_chroma_int+full_chroma_inp";
    const scale = `scale=in_color_matrix=${matrix}:in_range=${range}:out_range=pc:${flags}`;
    await ffmpeg(["-i", input, "-frames:v", "1", "-vf", scale, "-pix_fmt", "rgb24", "-f", "rawvideo", output]);
    return new Uint8Array(await readFile(output));
  });
}
