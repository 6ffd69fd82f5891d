import { afterAll, beforeAll, expect, test } from "vitest";
import { type ChromiumPage, openChromiumPage } from "../../server/bench/chromium-page.ts";
import { readCryptoBinary } from "../../shared/crypto/load-node.ts";
import frames from "../../shared/wire/vectors/frames.json" with { type: "json" };

let page: ChromiumPage;

beforeAll(async () => {
  page = await openChromiumPage("shared/wire/vectors-page.ts", { "/flux-crypto.wasm": await readCryptoBinary() });
});
afterAll(() => page?.close());

test("W90: the golden frames are sealed, opened and refused in a browser as they are in Node", async () => {
  expect(await page.call("checkFrames", frames)).toEqual([]);
});

test("W90: a changed vector is noticed in the browser", async () => {
  const [first, ...rest] = frames.frames;
  const tampered = { ...frames, frames: [{ ...first, sealed: `${first?.sealed.slice(0, -2)}00` }, ...rest] };
  expect(await page.call("checkFrames", tampered)).not.toEqual([]);
});
