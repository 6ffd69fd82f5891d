import { spawn } from "node:child_process";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { programEnvironment } from "../config/program-env.ts";
import { printable } from "../core/printable.ts";
import { checkedArguments } from "./ffmpeg-arguments.ts";

const TEXT_FILE = "watermark.txt";
const STDERR_TAIL = 2000;

export interface Watermark {
  readonly path: string;
  readonly container: "mp4" | "mkv";
  /** Who exports. */
  readonly text: string;
  /** Of the file's first picture. */
  readonly startMicros: number;
}

/**
 * Burns name and time in: the one place where pictures are encoded anew. FFmpeg gets fixed arguments; the name lies in a
 * file that is drawn as it is, and every path is relative to the work folder. Throws `export.ffmpeg_missing`,
 * `export.watermark_failed`, and the signal's reason.
 */
export async function burnIn(
  { path, container, text, startMicros }: Watermark,
  signal: AbortSignal,
  onProgress?: (doneMicros: number) => void,
): Promise<void> {
  const folder = dirname(path);
  const [input, output] = [basename(path), `marked.${container}`];
  await writeFile(join(folder, TEXT_FILE), text.replace(/\p{Cc}/gu, " "), { mode: 0o600 });
  // A font that has Korean letters too, where there is one: names of people are in either script.
  const style = "font='sans\\:lang=ko':fontcolor=white:fontsize=h/24:box=1:boxcolor=black@0.5:boxborderw=4:x=8";
  const seconds = Math.floor(startMicros / 1_000_000);
  // `gmtime` takes the format's colons escaped once for the expansion and once for the filter graph.
  const time = `%{pts\\:gmtime\\:${seconds}\\:%Y-%m-%d %H\\\\\\:%M\\\\\\:%S} UTC`;
  const filter = [
    `drawtext=textfile=${TEXT_FILE}:expansion=none:${style}:y=h-th-8`,
    `drawtext=text='${time}':${style}:y=h-2*th-20`,
  ].join(",");
  const safe = ["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-protocol_whitelist", "file"];
  const encode = [
    "-c:v",
    "libx264",
    "-preset",
    "veryfast",
    "-crf",
    "20",
    "-pix_fmt",
    "yuv420p",
    "-vsync",
    "passthrough",
  ];
  const copy = ["-map", "0:v:0", "-map", "0:a?", "-c:a", "copy", "-map_metadata", "0"];
  const muxer = container === "mkv" ? "matroska" : "mov";
  const args = [...safe, "-progress", "pipe:1", "-i", input, "-vf", filter, ...encode, ...copy, "-f", muxer, output];
  await ffmpeg(args, folder, signal, onProgress);
  await rename(join(folder, output), path);
  await rm(join(folder, TEXT_FILE));
}

/** Tries all that a mark needs on one black picture. Throws `export.ffmpeg_missing`, naming what is missing. */
export async function requireFfmpeg(signal: AbortSignal): Promise<void> {
  const picture = ["-f", "lavfi", "-i", "color=black:s=64x64:d=0.04", "-frames:v", "1"];
  const quiet = ["-nostdin", "-hide_banner", "-loglevel", "error"];
  try {
    await ffmpeg([...quiet, ...picture, "-vf", "drawtext=text=x", "-c:v", "libx264", "-f", "null", "-"], "/", signal);
  } catch (error) {
    if (errorCode(error) !== "export.watermark_failed") throw error;
    const message = "FFmpeg on the server cannot burn a mark in: it needs the filter drawtext, a font, and libx264";
    throw new FluxError("export.ffmpeg_missing", message, { cause: error });
  }
}

function ffmpeg(
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
  onProgress?: (doneMicros: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let tail = "";
    const options = {
      cwd,
      signal,
      env: programEnvironment(),
      shell: false,
      windowsHide: true,
      killSignal: "SIGKILL",
    } as const;
    const child = spawn("ffmpeg", checkedArguments(args), { ...options, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const [, micros] = /out_time_us=(\d{1,15})/.exec(text) ?? [];
      if (micros !== undefined) onProgress?.(Number(micros));
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-STDERR_TAIL);
    });
    child.once("error", (cause: NodeJS.ErrnoException) => {
      // A program that was told to end is waited for: it writes into the folder that is then removed.
      if (signal.aborted && child.pid !== undefined) return;
      if (signal.aborted) reject(signal.reason);
      else if (cause.code === "ENOENT" || cause.code === "EACCES") {
        const message = "FFmpeg is not installed on the server: it is needed to burn a mark in";
        reject(new FluxError("export.ffmpeg_missing", message, { cause }));
      } else reject(cause);
    });
    child.once("close", (code) => {
      if (code === 0) resolve();
      else if (signal.aborted) reject(signal.reason);
      else
        reject(
          new FluxError("export.watermark_failed", `FFmpeg could not burn the mark in: ${printable(tail).trim()}`),
        );
    });
  });
}
