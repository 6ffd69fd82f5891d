// A browser page that draws the still part of scenes, and a local address to which it posts raw pictures.
import { once } from "node:events";
import { createServer } from "node:http";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { inRoot } from "../lib/project.mjs";
import { findChromium } from "../lib/test-tools.mjs";

const softwareGl = [
  "--no-sandbox",
  "--use-gl=angle",
  "--use-angle=swiftshader",
  "--enable-unsafe-swiftshader",
  "--ignore-gpu-blocklist",
];

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function openRenderPage() {
  const { outputFiles } = await build({
    entryPoints: [inRoot("scripts/make-clips/page/main.mjs")],
    bundle: true,
    format: "iife",
    write: false,
  });
  let onPicture = async () => {};
  const server = createServer((request, response) => {
    const answer = async () => {
      if (request.method === "POST") await onPicture(await body(request));
      response.setHeader("content-type", "text/html");
      response.end(request.method === "POST" ? "" : `<!doctype html><script>${outputFiles[0].text}</script>`);
    };
    answer().catch((error) => response.writeHead(500).end(String(error)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const browser = await chromium.launch({ executablePath: await findChromium(), args: softwareGl });
  const page = await browser.newPage();
  page.on("pageerror", (error) => process.stderr.write(`${error.stack}\n`));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  return {
    /** Linear light of a scene's still part: {lit, shaded}, RGBA floats, bottom row first, alpha in metres. */
    async renderStill(options) {
      const pictures = [];
      onPicture = async (bytes) =>
        pictures.push(new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length)));
      await page.evaluate((given) => globalThis.renderScene(given), options);
      return { lit: pictures[0], shaded: pictures[1] };
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}
