import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { open, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { PICTURE_MICROS } from "./day-archive.ts";
import { ffmpegPath, GOPS, gopsOf, type StampedClip } from "./footage.ts";

const run = promisify(execFile);

/** The day of one stream as an MP4 whose index comes first, without re-encoding; resolves to its path. */
export async function writeDayVideo(units: StampedClip["main"], segments: number, path: string): Promise<string> {
  const stream = `${path}.h264`;
  const gops = gopsOf(units).map((gop) => Buffer.concat(gop.map(({ data }) => data)));
  const file = await open(stream, "w");
  try {
    for (let at = 0; at < segments; at += GOPS) await file.writev(gops.slice(0, Math.min(GOPS, segments - at)));
  } finally {
    await file.close();
  }
  const rate = ["-r", String(1_000_000 / PICTURE_MICROS), "-f", "h264", "-i", stream];
  const copy = ["-c", "copy", "-video_track_timescale", "1000", "-movflags", "+faststart", path];
  await run(ffmpegPath(), ["-v", "error", "-y", ...rate, ...copy], { maxBuffer: 1 << 20 });
  await writeFile(stream, "");
  return path;
}

export interface RangeServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Files of a folder with byte ranges, as any web server gives them, and an empty page to show them in. */
export async function serveRanges(folder: string): Promise<RangeServer> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname.slice(1);
    if (!/^[\w-]+\.mp4$/.test(name)) {
      response.writeHead(name === "" ? 200 : 404, { "content-type": "text/html" });
      response.end('<!doctype html><link rel="icon" href="data:,"><body style="margin:0;background:#000">');
      return;
    }
    const path = join(folder, name);
    stat(path).then(
      ({ size }) => {
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
        const start = Number(from ?? 0);
        const end = to ? Math.min(Number(to), size - 1) : size - 1;
        response.writeHead(from === undefined ? 200 : 206, {
          "content-type": "video/mp4",
          "accept-ranges": "bytes",
          "content-length": end - start + 1,
          ...(from === undefined ? {} : { "content-range": `bytes ${start}-${end}/${size}` }),
        });
        const body = createReadStream(path, { start, end });
        // The player lets go of a range that it needs no longer.
        response.on("close", () => body.destroy());
        body.on("error", () => response.destroy());
        body.pipe(response);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
