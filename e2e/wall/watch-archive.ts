import type { Page } from "playwright-core";
import { sampleStamp, stampGeometry } from "../../server/simulator/stamp.ts";

export interface Grid {
  readonly tiles: number;
  readonly columns: number;
  /** Of a tile, canvas pixels. */
  readonly width: number;
  readonly height: number;
}

/** As often as the page animates: the numbers in all tiles' pictures, where each could be read. */
export async function watchNumbers(page: Page, grid: Grid, ms: number): Promise<number[][]> {
  const seen = await page.evaluate(
    async ({ grid: { tiles, columns, width, height }, geometry, duration }) => {
      const canvas = document.querySelector("canvas");
      const strip = new OffscreenCanvas(geometry.blocks, tiles);
      const context = strip.getContext("2d", { willReadFrequently: true });
      if (!canvas || !context) throw new Error("no canvas");
      context.imageSmoothingEnabled = false;
      const found: number[][][] = [];
      const until = performance.now() + duration;
      while (performance.now() < until) {
        await new Promise(requestAnimationFrame);
        for (let row = 0; row < tiles; row++) {
          const [x, y] = [(row % columns) * width, Math.floor(row / columns) * height];
          const wide = (geometry.blocks * geometry.blockWidth * width) / geometry.width;
          const high = (geometry.blockHeight / 2) * (height / geometry.height);
          context.drawImage(canvas, x, Math.floor(y + high), wide, 1, 0, row, geometry.blocks, 1);
        }
        const { data } = context.getImageData(0, 0, geometry.blocks, tiles);
        found.push(
          Array.from({ length: tiles }, (_, row) =>
            Array.from({ length: geometry.blocks }, (_, at) => data[(row * geometry.blocks + at) * 4 + 1] ?? 0),
          ),
        );
      }
      return found;
    },
    { grid, geometry: { ...stampGeometry }, duration: ms },
  );
  return seen.flatMap((rows) => {
    const numbers = rows.map((luma) =>
      sampleStamp((x) => luma[Math.floor((x * stampGeometry.width) / stampGeometry.blockWidth)] ?? 0),
    );
    const whole = numbers.filter((number) => number !== undefined);
    return whole.length === grid.tiles ? [whole] : [];
  });
}

/** How far apart the tiles' pictures were, sorted; `keptUp`: whether every tile showed nearly as many as were drawn. */
export function apartOf(seen: readonly (readonly number[])[]): { readonly apart: number[]; readonly keptUp: boolean } {
  const apart = seen.map((numbers) => Math.max(...numbers) - Math.min(...numbers)).sort((a, b) => a - b);
  const times = new Set(seen.map((numbers) => Math.max(...numbers))).size;
  const tiles = seen[0]?.map((_, tile) => new Set(seen.map((numbers) => numbers[tile])).size) ?? [];
  return { apart, keptUp: Math.min(...tiles) > 0.8 * times };
}
