import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
// @ts-expect-error a plain script without types
import { checkSource } from "./check-imports.mjs";

type Finding = { line: number; reason: string };
const check = (path: string, text: string): Finding[] => checkSource(path, text);

describe("import rules", () => {
  test.each([
    ["seal line", "server/relay/viewer.ts", 'import { x } from "../rtp/packet.ts";', /seal line/],
    ["seal line, dynamic", "server/record/a.ts", 'const x = await import("../ingest/worker.ts");', /seal line/],
    ["seal line, re-export", "server/fanout/a.ts", 'export * from "../rtsp/client.ts";', /seal line/],
    [
      "seal line, values from the protocol file",
      "server/relay/a.ts",
      'import { x } from "../ingest/protocol.ts";',
      /seal line/,
    ],
    ["page into worker", "web/app/a.tsx", 'import { x } from "../worker/atlas/upload.ts";', /only web\/engine/],
    [
      "page starts the worker",
      "web/app/a.ts",
      'new Worker(new URL("../worker/entry.ts", import.meta.url));',
      /only web\/engine/,
    ],
    ["worker into page", "web/worker/entry.ts", 'import { x } from "../app/shell.tsx";', /web\/worker may import only/],
    [
      "worker into engine",
      "web/worker/entry.ts",
      'import { x } from "../engine/engine.ts";',
      /web\/worker may import only/,
    ],
    [
      "shared into server",
      "shared/wire/a.ts",
      'import type { x } from "../../server/main.ts";',
      /shared must import neither/,
    ],
    [
      "web into server",
      "web/api/a.ts",
      'import type { App } from "../../server/http/app.ts";',
      /web must not import server/,
    ],
    ["server into web", "server/http/a.ts", 'import { x } from "../../web/app/a.ts";', /server must not import web/],
    ["environment", "server/http/a.ts", "const port = process.env.PORT;", /only server\/config/],
    ["wall clock", "server/http/a.ts", "const now = Date.now();", /clock\.ts/],
    ["timer", "web/app/a.tsx", "setTimeout(run, 10);", /clock\.ts/],
    ["date of now", "shared/media/a.ts", "const now = new Date();", /clock\.ts/],
    ["code inside a template", "server/http/a.ts", `const text = \`at \${Date.now()}\`;`, /clock\.ts/],
    ["length", "server/http/a.ts", "x;\n".repeat(401), /401 lines/],
  ])("%s is reported", (_name, path, text, reason) => {
    expect(check(path, text)).toEqual([{ line: expect.any(Number), reason: expect.stringMatching(reason) }]);
  });

  test.each([
    ["types of the thread messages", "server/relay/a.ts", 'import type { Frame } from "../ingest/protocol.ts";'],
    ["protocol of the engine", "web/worker/entry.ts", 'import { x } from "../engine/worker-protocol.ts";'],
    ["engine starts the worker", "web/engine/a.ts", 'new Worker(new URL("../worker/entry.ts", import.meta.url));'],
    ["tests may reach across", "server/relay/a.test.ts", 'import { x } from "../rtp/packet.ts";\nsetTimeout(x, 1);'],
    ["a folder beside the bundle", "server/compose.ts", 'const pages = new URL("../web/", import.meta.url);'],
    ["config reads the environment", "server/config/env.ts", "export const raw = process.env;"],
    ["the clock itself", "shared/lib/clock.ts", "performance.now(); setTimeout(run, 1);"],
    [
      "a stated exception",
      "web/app/a.ts",
      "// clock: the browser's own idle callback has no injectable form\nsetTimeout(run, 0);",
    ],
    [
      "prose and strings",
      "server/http/a.ts",
      '// Date.now() and import "../../web/x.ts"\nconst text = "setTimeout(1)";',
    ],
    ["quotes inside a regular expression", "server/http/a.ts", "const quoted = /[\"']/; const b = 'Date.now()';"],
    ["400 lines", "server/http/a.ts", "x;\n".repeat(400)],
  ])("%s: allowed", (_name, path, text) => {
    expect(check(path, text)).toEqual([]);
  });

  test("a finding carries the line of the import, also in a statement over several lines", () => {
    const text = '// one\n\nimport {\n  a,\n  b,\n} from "../rtp/packet.ts";\n';
    expect(check("server/relay/a.ts", text)[0]?.line).toBe(6);
  });
});

describe("the program", () => {
  const script = fileURLToPath(new URL("check-imports.mjs", import.meta.url));
  const tree = mkdtempSync(join(tmpdir(), "fluxvision-rules-"));
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  test("fails with file, line and reason for a planted violation, and passes without it", () => {
    mkdirSync(join(tree, "server/relay"), { recursive: true });
    const planted = join(tree, "server/relay/planted.ts");
    writeFileSync(planted, 'export const one = 1;\nexport { x } from "../rtp/packet.ts";\n');
    const failing = spawnSync(process.execPath, [script, tree], { encoding: "utf8" });
    expect(failing.stderr).toMatch(/^server\/relay\/planted\.ts:2: seal line: server\/relay .*rtp\/packet\.ts$/m);
    expect(failing.status).toBe(1);
    rmSync(planted);
    expect(spawnSync(process.execPath, [script, tree]).status).toBe(0);
  });
});
