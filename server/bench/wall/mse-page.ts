import type { Page } from "playwright-core";
import type { TileRect } from "./motion.ts";

export interface VideoFigures {
  readonly decodedFrames: number;
  readonly droppedFrames: number;
}

/** The peer: one `<video>` with Media Source Extensions per camera, each fed over its own WebSocket. */
export async function openMsePage(page: Page, tiles: readonly TileRect[], port: number, codec: string): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(
    ([rects, url, mime]) => {
      for (const { x, y, width, height } of rects) {
        const video = document.createElement("video");
        video.muted = true;
        video.style.left = `${x}px`;
        video.style.top = `${y}px`;
        video.width = width;
        video.height = height;
        document.body.append(video);
        const media = new MediaSource();
        video.src = URL.createObjectURL(media);
        media.addEventListener("sourceopen", () => {
          const buffer = media.addSourceBuffer(mime);
          const waiting: ArrayBuffer[] = [];
          let playing = false;
          const next = (): void => {
            if (buffer.updating) return;
            if (!playing && buffer.buffered.length > 0) {
              playing = true;
              video.currentTime = buffer.buffered.start(0);
              void video.play();
            }
            const piece = waiting.shift();
            if (piece) buffer.appendBuffer(piece);
          };
          buffer.addEventListener("updateend", next);
          const socket = new WebSocket(url);
          socket.binaryType = "arraybuffer";
          socket.onmessage = (event: MessageEvent<ArrayBuffer>) => {
            waiting.push(event.data);
            next();
          };
        });
      }
    },
    [tiles, `ws://127.0.0.1:${port}/`, `video/mp4; codecs="${codec}"`] as const,
  );
}

export function videoFigures(page: Page): Promise<VideoFigures[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("video")].map((video) => {
      const quality = video.getVideoPlaybackQuality();
      return { decodedFrames: quality.totalVideoFrames, droppedFrames: quality.droppedVideoFrames };
    }),
  );
}
