import type { Page } from "playwright-core";

export interface TileRect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Mean absolute difference per colour channel (0..255) between two screenshots, for each tile. */
export function tileDifferences(
  page: Page,
  before: Buffer,
  after: Buffer,
  tiles: readonly TileRect[],
): Promise<number[]> {
  return page.evaluate(
    async ([first, second, rects]) => {
      const pixelsOf = async (base64: string): Promise<OffscreenCanvasRenderingContext2D> => {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
        if (!context) throw new Error("no 2D canvas");
        context.drawImage(bitmap, 0, 0);
        return context;
      };
      const [a, b] = [await pixelsOf(first), await pixelsOf(second)];
      return rects.map(({ x, y, width, height }) => {
        const one = a.getImageData(x, y, width, height).data;
        const two = b.getImageData(x, y, width, height).data;
        let sum = 0;
        for (let i = 0; i < one.length; i++) if (i % 4 !== 3) sum += Math.abs((one[i] ?? 0) - (two[i] ?? 0));
        return sum / ((one.length / 4) * 3);
      });
    },
    [before.toString("base64"), after.toString("base64"), tiles] as const,
  );
}
