import type { Page } from "playwright-core";

/** 16x9 grey levels of each tile, as drawn on the canvas now; tiles in reading order. */
export async function sampleTiles(page: Page): Promise<number[][]> {
  const [now = []] = await watchTiles(page, "canvas", 0);
  return now;
}

/** What `sampleTiles` gives, at every animation frame until `selector` is there and for `framesAfter` frames more. */
export function watchTiles(page: Page, selector: string, framesAfter: number): Promise<number[][][]> {
  return page.evaluate(
    async ({ selector, framesAfter }) => {
      const small = document.createElement("canvas");
      const context = small.getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("the page gives no 2D context");
      small.width = 16;
      small.height = 9;
      const sample = (): number[][] => {
        const canvas = document.querySelector("canvas");
        if (!canvas) throw new Error("the page has no canvas");
        const origin = canvas.getBoundingClientRect();
        const ratio = canvas.width / origin.width;
        return [...document.querySelectorAll("[data-tile]")].map((tile) => {
          const { left, top, width, height } = tile.getBoundingClientRect();
          const from = [
            (left - origin.left) * ratio,
            (top - origin.top) * ratio,
            width * ratio,
            height * ratio,
          ] as const;
          context.drawImage(canvas, ...from, 0, 0, 16, 9);
          const { data } = context.getImageData(0, 0, 16, 9);
          return Array.from({ length: 16 * 9 }, (_, at) => data[at * 4 + 1] ?? 0);
        });
      };
      const samples = [sample()];
      let left = framesAfter;
      while (left > 0) {
        await new Promise(requestAnimationFrame);
        samples.push(sample());
        if (document.querySelector(selector)) left -= 1;
      }
      return samples;
    },
    { selector, framesAfter },
  );
}

/** Mean absolute difference of grey levels, 0..255. */
export function difference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / Math.max(1, a.length);
}

/** Waits until every one of the first `count` tiles has changed on the screen. Fails with the tiles that stood still. */
export async function expectTilesToMove(page: Page, count: number, timeoutMs = 20_000): Promise<void> {
  const first = await sampleTiles(page);
  const still = new Set(Array.from({ length: count }, (_, index) => index));
  const deadline = performance.now() + timeoutMs;
  while (still.size > 0 && performance.now() < deadline) {
    await page.evaluate(() => new Promise(requestAnimationFrame));
    const now = await sampleTiles(page);
    for (const index of [...still]) {
      const [before, after] = [first[index], now[index]];
      if (before && after && difference(before, after) > 0.5) still.delete(index);
    }
  }
  if (still.size > 0) throw new Error(`these tiles did not move in ${timeoutMs} ms: ${[...still].join(", ")}`);
}
