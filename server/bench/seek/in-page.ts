import type { Page } from "playwright-core";
import { stampGeometry } from "../../simulator/stamp.ts";

/** What the page of tests offers; its own types belong to the browser's side. */
export interface PageWall {
  readonly engine: {
    command(command: object): void;
    setTiles(tiles: readonly object[]): void;
    connect(options: object): void;
    stats(): Promise<{ readonly tiles: readonly { readonly seekMs?: Stages }[] }>;
  };
}
declare const wall: PageWall;

/** Where to look for each tile's number: a rectangle of the canvas, or a video element of its own. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Seek {
  readonly micros: number;
  /** Per tile: the blocks of the picture that must appear. */
  readonly blocks: readonly (readonly boolean[])[];
}

/** What a tile says of its last seek, ms since the command. */
export interface Stages {
  readonly [stage: string]: number;
}

export interface SeekResult {
  /** From the request to the frame in which every tile's picture was read back from the screen; undefined: it never came. */
  readonly ms: number | undefined;
  readonly stages: readonly (Stages | undefined)[];
}

const GIVE_UP_MS = 15_000;

/** Seeks the wall and reads its canvas at every animation frame until all tiles show what they should. */
export function seekWall(page: Page, seek: Seek, places: readonly Place[]): Promise<SeekResult> {
  return page.evaluate(
    async ({ seek, places, geometry, limit }) => {
      const canvas = document.querySelector("canvas");
      const strip = new OffscreenCanvas(geometry.blocks, places.length);
      const context = strip.getContext("2d", { willReadFrequently: true });
      if (!canvas || !context) throw new Error("no canvas");
      context.imageSmoothingEnabled = false;
      const startedAt = performance.now();
      wall.engine.command({ kind: "seek", micros: seek.micros });
      for (;;) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        if (now - startedAt > limit) return { ms: undefined, stages: [] };
        places.forEach(({ x, y, width, height }, row) => {
          const line = Math.floor(y + (geometry.blockHeight / 2) * (height / geometry.height));
          context.drawImage(canvas, x, line, width, 1, 0, row, geometry.blocks, 1);
        });
        const { data } = context.getImageData(0, 0, geometry.blocks, places.length);
        const there = seek.blocks.every((blocks, row) =>
          blocks.every((white, at) => (data[(row * geometry.blocks + at) * 4 + 1] ?? 0) > 127 === white),
        );
        if (!there) continue;
        const { tiles } = await wall.engine.stats();
        return {
          ms: now - startedAt,
          stages: tiles.map(({ seekMs }) => seekMs),
        };
      }
    },
    { seek, places, geometry: { ...stampGeometry }, limit: GIVE_UP_MS },
  );
}

/** The same with video elements, paused, as many as there are tiles. */
export function seekVideos(page: Page, seconds: number, blocks: Seek["blocks"]): Promise<number | undefined> {
  return page.evaluate(
    async ({ seconds, blocks, geometry, limit }) => {
      const videos = [...document.querySelectorAll("video")];
      const strip = new OffscreenCanvas(geometry.blocks, videos.length);
      const context = strip.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("no canvas");
      context.imageSmoothingEnabled = false;
      const startedAt = performance.now();
      for (const video of videos) video.currentTime = seconds;
      for (;;) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        if (now - startedAt > limit) return undefined;
        videos.forEach((video, row) => {
          const { videoWidth, videoHeight } = video;
          const line = Math.floor((geometry.blockHeight / 2) * (videoHeight / geometry.height));
          context.drawImage(video, 0, line, videoWidth, 1, 0, row, geometry.blocks, 1);
        });
        const { data } = context.getImageData(0, 0, geometry.blocks, videos.length);
        const there = blocks.every((tile, row) =>
          tile.every((white, at) => (data[(row * geometry.blocks + at) * 4 + 1] ?? 0) > 127 === white),
        );
        if (there) return now - startedAt;
      }
    },
    { seconds, blocks, geometry: { ...stampGeometry }, limit: GIVE_UP_MS },
  );
}
