// Raw frames in, Annex B out. FFmpeg is needed only here: to make the clips again, never to play them.
import { spawn } from "node:child_process";
import { once } from "node:events";

const captionFont = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf";

/** x264 settings shared by all clips: no B-frames (decode order is display order), every GOP closed and of fixed length. */
function x264Arguments({ gop, crf, maxKbps }) {
  return [
    ...[
      "-c:v",
      "libx264",
      "-preset",
      "veryslow",
      "-profile:v",
      "high",
      "-pix_fmt",
      "yuv420p",
      "-bf",
      "0",
      "-crf",
      String(crf),
    ],
    ...["-maxrate", `${maxKbps}k`, "-bufsize", `${maxKbps * 2}k`, "-g", String(gop), "-keyint_min", String(gop)],
    ...["-sc_threshold", "0", "-refs", "2", "-x264-params", "aud=1:repeat-headers=1:open-gop=0:stitchable=1"],
    ...["-bsf:v", "filter_units=remove_types=6", "-f", "h264"],
  ];
}

/** Burns in a camera's name and a running clock (`startSeconds` of the day), as recorders do. */
function captionFilters({ name, startSeconds }, height) {
  const style = `fontfile=${captionFont}:fontsize=${Math.round(height / 24)}:fontcolor=0xf4f4f0:borderw=${Math.round(height / 360)}:bordercolor=black@0.8`;
  const margin = Math.round(height / 26);
  return [
    `drawtext=${style}:x=${margin}:y=${margin}:text='%{pts\\:gmtime\\:${startSeconds}\\:%H\\\\\\:%M\\\\\\:%S}'`,
    `drawtext=${style}:x=w-text_w-${margin}:y=h-text_h-${margin}:text='${name}'`,
  ];
}

/**
 * Starts one FFmpeg that turns raw RGBA frames into several clips.
 * @param outputs {file, width, height, framesPerSecond, gop, crf, maxKbps}
 */
export function startEncoder({ width, height, framesPerSecond, outputs, pixelFormat = "rgba", caption }) {
  const args = ["-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", pixelFormat, "-s", `${width}x${height}`];
  args.push("-r", String(framesPerSecond), "-i", "pipe:0");
  for (const output of outputs) {
    const filters = [
      ...(caption ? captionFilters(caption, height) : []),
      `fps=${output.framesPerSecond}`,
      `scale=${output.width}:${output.height}:flags=lanczos:out_color_matrix=bt709:out_range=tv`,
    ];
    args.push("-map", "0:v", "-vf", filters.join(","));
    args.push("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv");
    args.push(...x264Arguments(output), output.file);
  }
  const child = spawn("ffmpeg", args, { stdio: ["pipe", "inherit", "inherit"] });
  const finished = once(child, "close");
  return {
    async write(frame) {
      if (!child.stdin.write(frame)) await once(child.stdin, "drain");
    },
    async finish() {
      child.stdin.end();
      const [code] = await finished;
      if (code !== 0) throw new Error(`FFmpeg ended with ${code}`);
    },
  };
}
