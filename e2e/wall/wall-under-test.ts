import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import type { StreamUnit } from "../../server/testkit/annexb-units.ts";
import { collectErrors, launchChromium, type PageStats, waitForStats } from "../../server/testkit/chromium.ts";
import { type FedCamera, WallFeeder } from "../../server/testkit/wall-feeder.ts";
import { serveWallPage, type WallPage } from "../../server/testkit/wall-page.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { WallEngine } from "../../web/engine/engine.ts";
import type { TileSpec } from "../../web/engine/worker-protocol.ts";

export type Tile = Omit<TileSpec, "tileId" | "cameraId"> & { readonly camera: number; readonly tileId?: string };

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8Array;
}

/** How the wall is drawn: `gpu` shades as on real graphics hardware, `auto` notices that the GPU is an emulation. */
export interface Drawing {
  readonly renderer: "webgpu" | "webgl2";
  readonly shading: "gpu" | "auto";
}

export const DRAWINGS: readonly Drawing[] = [
  { renderer: "webgpu", shading: "gpu" },
  { renderer: "webgl2", shading: "gpu" },
  { renderer: "webgpu", shading: "auto" },
  { renderer: "webgl2", shading: "auto" },
];

declare const wall: { readonly engine: WallEngine; readonly canvas: HTMLCanvasElement };

export function cameraId(index: number): string {
  return `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`;
}

/** Chromium and the built page, once for a file of tests; each test opens walls of its own. */
export class WallBench {
  readonly #browser: Browser;
  readonly #site: WallPage;

  private constructor(browser: Browser, site: WallPage) {
    this.#browser = browser;
    this.#site = site;
  }

  static async start(): Promise<WallBench> {
    const site = await serveWallPage(join(import.meta.dirname, "../.."));
    return new WallBench(await launchChromium(), site);
  }

  async open({ renderer, shading }: Drawing, width: number, height: number): Promise<WallUnderTest> {
    const feeder = new WallFeeder(await loadFluxCrypto());
    const port = await feeder.listen();
    const page = await this.#browser.newPage({ viewport: { width, height } });
    const errors = collectErrors(page);
    await page.goto(
      `${this.#site.url}/?${new URLSearchParams({ renderer, shading, width: `${width}`, height: `${height}` })}`,
    );
    return new WallUnderTest(page, feeder, port, errors);
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await this.#site.close();
  }
}

/** One wall in a page, with a feeder of its own. */
export class WallUnderTest {
  readonly page: Page;
  readonly feeder: WallFeeder;
  /** Console errors so far: none is right. */
  readonly errors: readonly string[];
  /** Of the feeder. */
  readonly port: number;

  constructor(page: Page, feeder: WallFeeder, port: number, errors: readonly string[]) {
    this.page = page;
    this.feeder = feeder;
    this.errors = errors;
    this.port = port;
  }

  /** Adds a camera that plays H.264 units; codec and size are what the stream itself says. */
  feed(index: number, units: readonly StreamUnit[], options: Partial<FedCamera> = {}): void {
    this.feeder.add({
      cameraId: cameraId(index),
      streamId: index + 1,
      codec: "h264",
      codecString: "avc1.4d401e",
      width: 640,
      height: 360,
      framesPerSecond: 10,
      units,
      ...options,
    });
  }

  async connect(): Promise<void> {
    await this.page.evaluate((webSocketUrl) => {
      wall.engine.connect({ token: "test", webSocketUrl, webTransport: undefined });
    }, `ws://127.0.0.1:${this.port}/`);
  }

  async setTiles(tiles: readonly Tile[]): Promise<void> {
    const specs = tiles.map(({ camera, ...rest }, index) => ({
      tileId: `tile-${index}`,
      ...rest,
      cameraId: cameraId(camera),
    }));
    await this.page.evaluate((next) => wall.engine.setTiles(next), specs);
  }

  /** Waits until every tile is live and drawn. */
  waitForLive(count: number): Promise<PageStats> {
    return waitForStats(
      this.page,
      ({ tiles }) => tiles.length === count && tiles.every(({ state, drawnFps }) => state === "live" && drawnFps > 0),
      90_000,
    );
  }

  /** One tile at source resolution. */
  async snapshot(tileId: string): Promise<Picture> {
    const picture = await this.page.evaluate(async (id) => {
      const blob = await wall.engine.snapshot(id, "image/png");
      if (!blob) throw new Error(`no snapshot of ${id}`);
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" });
      const { width, height } = bitmap;
      const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      if (!context) throw new Error("no 2D canvas");
      context.drawImage(bitmap, 0, 0);
      const { data } = context.getImageData(0, 0, width, height);
      let binary = "";
      for (let i = 0; i < data.length; i += 8192) binary += String.fromCharCode(...data.subarray(i, i + 8192));
      return { width, height, base64: btoa(binary) };
    }, tileId);
    return { width: picture.width, height: picture.height, data: Buffer.from(picture.base64, "base64") };
  }

  /** What is on the screen at these points: [red, green, blue] each. */
  async look(points: readonly (readonly [x: number, y: number])[]): Promise<number[][]> {
    const png = (await this.page.screenshot()).toString("base64");
    return this.page.evaluate(
      async ([base64, at]) => {
        const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
        if (!context) throw new Error("no 2D canvas");
        context.drawImage(bitmap, 0, 0);
        return at.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data].slice(0, 3));
      },
      [png, points] as const,
    );
  }

  async close(): Promise<void> {
    await this.page.close();
    await this.feeder.close();
  }
}
