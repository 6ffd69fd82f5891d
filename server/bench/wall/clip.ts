import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type StreamUnit, unitsOf } from "../../testkit/annexb-units.ts";
import { findFfmpeg } from "../../testkit/tools.ts";
import { type FragmentedClip, fragmentsOf } from "./fragments.ts";

const run = promisify(execFile);

/** The same pictures twice: as the wall gets them and as Media Source Extensions want them. */
export interface BenchClip {
  readonly units: readonly StreamUnit[];
  readonly fragmented: FragmentedClip;
  readonly source: string;
}

const WIDTH = 640;
const HEIGHT = 360;

/** An artificial scene with noise and motion, for machines without a clip: about as hard to decode as a street. */
const SCENE = [
  ["-f", "lavfi", "-i", `testsrc2=size=${WIDTH}x${HEIGHT}:rate=15,noise=alls=6:allf=t`, "-t", "20"],
  ["-c:v", "libx264", "-profile:v", "main", "-bf", "0", "-g", "30", "-sc_threshold", "0", "-preset", "medium"],
  ["-b:v", "500k", "-maxrate", "600k", "-bufsize", "600k", "-pix_fmt", "yuv420p"],
].flat();

/**
 * `file`: a 640x360 H.264 clip of 15 fps without B-frames; without it one is made. `loops`: how often the fragmented
 * version repeats it, since its time stamps must not jump back.
 */
export async function loadBenchClip(file: string | undefined, loops: number): Promise<BenchClip> {
  const ffmpeg = findFfmpeg();
  if (ffmpeg === undefined) throw new Error("FFmpeg is missing");
  const folder = await mkdtemp(join(tmpdir(), "wall-bench-"));
  try {
    const mp4 = join(folder, "clip.mp4");
    const input = file === undefined ? SCENE : ["-i", file, "-an", "-c", "copy"];
    await run(ffmpeg, ["-v", "error", "-y", ...input, mp4]);
    const annexB = join(folder, "clip.h264");
    const toAnnexB = ["-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert", "-f", "h264"];
    await run(ffmpeg, ["-v", "error", "-y", "-i", mp4, "-c", "copy", ...toAnnexB, annexB]);
    const fragmented = join(folder, "fragmented.mp4");
    const flags = ["-movflags", "frag_every_frame+empty_moov+default_base_moof"];
    const looped = ["-stream_loop", String(loops - 1), "-i", mp4, "-c", "copy"];
    await run(ffmpeg, ["-v", "error", "-y", ...looped, ...flags, fragmented]);
    return {
      units: unitsOf(new Uint8Array(await readFile(annexB))),
      fragmented: fragmentsOf(new Uint8Array(await readFile(fragmented))),
      source: file === undefined ? "testsrc2 with noise, x264 500 kbit/s" : "given clip",
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
