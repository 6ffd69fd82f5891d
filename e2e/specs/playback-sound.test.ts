import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stampGeometry } from "../../server/simulator/stamp.ts";
import { unitsOf } from "../../server/testkit/annexb-units.ts";
import { waitForStats } from "../../server/testkit/chromium.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { WallEngine } from "../../web/engine/engine.ts";
import type { PlaybackCommand } from "../../web/engine/worker-protocol.ts";
import { ArchiveFeeder } from "../wall/archive-feeder.ts";
import { cameraId, WallBench, type WallUnderTest } from "../wall/wall-under-test.ts";

/** Sound of the archive in a real browser: what is handed to its audio device, and when. */

const START = 1_700_000_000_000_000;
const FRAME = Math.round(1_000_000 / stampGeometry.framesPerSecond);
const TONE_HZ = 440;
const FRAME_SAMPLES = 160;
const SAMPLE_RATE = 8000;

interface Planned {
  readonly when: number;
  readonly now: number;
  readonly seconds: number;
  readonly hertz: number;
}
declare const wall: { readonly engine: WallEngine };
declare const planned: Planned[];

let bench: WallBench;
let page: WallUnderTest;
let feeder: ArchiveFeeder;

beforeAll(async () => {
  bench = await WallBench.start();
  page = await bench.open({ renderer: "webgpu", shading: "auto" }, 640, 360);
  feeder = new ArchiveFeeder(await loadFluxCrypto(), page.port);
});
afterAll(async () => {
  await page?.close();
  await feeder?.close();
  await bench?.close();
});

/** µ-law of a sample from -1 to 1 (ITU-T G.711). */
function ulaw(sample: number): number {
  const magnitude = Math.min(32_635, Math.abs(sample) * 32_768) + 0x84;
  const exponent = Math.floor(Math.log2(magnitude)) - 7;
  const code = (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f);
  return ~(code | (sample < 0 ? 0x80 : 0)) & 0xff;
}

function tone(frames: number): Uint8Array[] {
  return Array.from({ length: frames }, (_, frame) =>
    Uint8Array.from({ length: FRAME_SAMPLES }, (_, at) =>
      ulaw(0.5 * Math.sin((2 * Math.PI * TONE_HZ * (frame * FRAME_SAMPLES + at)) / SAMPLE_RATE)),
    ),
  );
}

function command(...commands: PlaybackCommand[]): Promise<void> {
  return page.page.evaluate((all) => {
    for (const one of all) wall.engine.command(one);
  }, commands);
}

const plans = (): Promise<Planned[]> => page.page.evaluate(() => planned);

test("a recorded tone is heard at its pitch and without a hole while its pictures play", {
  timeout: 120_000,
}, async () => {
  const clip = join(import.meta.dirname, "../../server/simulator/clips", stampGeometry.clip);
  const units = unitsOf(await readFile(clip));
  const seconds = (units.length * FRAME) / 1e6;
  feeder.archive.recordUnits(cameraId(0), {
    ...{ fromMicros: START, intervalMicros: FRAME, units, streamId: 1, role: "main" },
    format: { codecString: "avc1.42c01e", width: stampGeometry.width, height: stampGeometry.height },
    sound: { codec: "pcmu", frames: tone(Math.floor((seconds * SAMPLE_RATE) / FRAME_SAMPLES)) },
  });
  await page.setTiles([{ camera: 0, x: 0, y: 0, width: 640, height: 360, fit: "contain" }]);
  const port = await feeder.listen();
  await page.page.evaluate((webSocketUrl) => {
    const found: Planned[] = [];
    Object.defineProperty(globalThis, "planned", { value: found });
    const original = AudioBufferSourceNode.prototype.start;
    AudioBufferSourceNode.prototype.start = function (when = 0, offset = 0) {
      const samples = this.buffer?.getChannelData(0) ?? new Float32Array();
      const rate = this.buffer?.sampleRate ?? 1;
      let rises = 0;
      for (let at = 1; at < samples.length; at++) if ((samples[at - 1] ?? 0) < 0 && (samples[at] ?? 0) >= 0) rises++;
      const length = samples.length / rate;
      found.push({ when, now: this.context.currentTime, seconds: length - offset, hertz: rises / length });
      original.call(this, when, offset);
    };
    wall.engine.connect({ token: "test", webSocketUrl, webTransport: undefined });
  }, `ws://127.0.0.1:${port}/`);
  // Browsers let a page sound once it was touched.
  await page.page.mouse.click(300, 200);
  await command({ kind: "seek", micros: START + 30 * FRAME, rate: 1 }, { kind: "hear", tileId: "tile-0" });
  await waitForStats(page.page, ({ tiles }) => tiles[0]?.state === "live");
  await expect.poll(async () => (await plans()).length, { timeout: 60_000 }).toBeGreaterThan(8);
  const all = await plans();
  // A machine that is too slow begins anew after a hold; what follows one another has no seam.
  const seams = all.slice(1).map(({ when }, at) => when - ((all[at]?.when ?? 0) + (all[at]?.seconds ?? 0)));
  expect(seams.filter((seam) => Math.abs(seam) < 1e-6).length).toBeGreaterThan(seams.length / 2);
  for (const { when, now, hertz } of all) {
    // The device goes on between two lines of a program.
    expect(when - now).toBeGreaterThan(-0.1);
    expect(when - now).toBeLessThan(1);
    expect(Math.abs(hertz - TONE_HZ)).toBeLessThan(15);
  }

  await command({ kind: "rate", rate: 4 });
  await waitForStats(page.page, () => true);
  const { length } = await plans();
  await command({ kind: "rate", rate: 1 }, { kind: "hear" });
  const { positionMicros: from = 0 } = await page.page.evaluate(() => wall.engine.playback());
  await expect
    .poll(() => page.page.evaluate(() => wall.engine.playback().positionMicros ?? 0), { timeout: 30_000 })
    .toBeGreaterThan(from + 1_000_000);
  expect((await plans()).length).toBe(length);
  expect(page.errors).toEqual([]);
});
