#!/usr/bin/env node
// The rules that keep the design true and that a type checker cannot see. Part of `npm run check`.
// Each finding is printed as file:line and its reason; any finding makes the exit code 1.
import { readFileSync } from "node:fs";
import { posix, relative, resolve, sep } from "node:path";
import { isProgram, listFiles, root, runMain, sayErr, sayOut } from "./lib/project.mjs";
import { blankLiterals, importsOf } from "./lib/source-scan.mjs";

const sourceFolders = [
  "server",
  "shared",
  "web",
  "e2e",
  "scripts",
  "vite.config.ts",
  "vitest.config.ts",
  "drizzle.config.ts",
];
const isSource = (path) => /\.(ts|tsx|mjs|js)$/.test(path) && !/\.d\.ts$/.test(path) && !path.includes("/generated/");
const isTest = (path) => /\.test\.tsx?$|\.test\.mjs$|(^|\/)(testkit|testing)\//.test(path);
const maxLines = 400;

const inFolder = (path, ...folders) => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

/** Import rules: `from` and `to` are paths from the root; the first reason that applies is reported. */
const importRules = [
  ({ from, to, typeOnly }) => {
    if (isTest(from) || !inFolder(from, "server/record", "server/relay", "server/playback", "server/fanout")) return;
    // The thread messages name sealed frames; as types they carry no plaintext code across.
    if (typeOnly && to === "server/ingest/protocol.ts") return;
    if (inFolder(to, "server/rtsp", "server/rtp", "server/ingest")) {
      return `seal line: ${from.split("/").slice(0, 2).join("/")} handles sealed frames only and must not import ${to}`;
    }
  },
  ({ from, to }) => {
    if (isTest(from) || !inFolder(from, "web") || !inFolder(to, "web/worker")) return;
    if (!inFolder(from, "web/engine", "web/worker")) return "only web/engine may reach into web/worker";
  },
  ({ from, to }) => {
    if (isTest(from) || !inFolder(from, "web/worker") || inFolder(to, "web/worker", "shared")) return;
    if (inFolder(to, "web") && !/^web\/engine\/[^/]*protocol[^/]*$/.test(to)) {
      return `web/worker may import only shared and the protocol files of web/engine, not ${to}`;
    }
  },
  ({ from, to }) => {
    if (inFolder(from, "shared") && inFolder(to, "server", "web")) return "shared must import neither server nor web";
    if (inFolder(from, "web") && inFolder(to, "server")) return "web must not import server";
    if (inFolder(from, "server") && inFolder(to, "web")) return "server must not import web";
  },
];

/** Patterns searched in the code with comments and strings blanked out. `exempt` says where they are allowed. */
const codeRules = [
  {
    pattern: /\bprocess\s*\.\s*env\b(?!\.NODE_ENV)/,
    exempt: (path) =>
      !inFolder(path, "server", "shared", "web") || inFolder(path, "server/config", "server/bench") || isTest(path),
    reason: "only server/config reads process.env",
  },
  {
    pattern:
      /\bDate\s*\.\s*now\b|\bperformance\s*\.\s*(?:now|timeOrigin)\b|\bset(?:Timeout|Interval)\s*\(|\bnew\s+Date\s*\(\s*\)/,
    exempt: (path) =>
      !inFolder(path, "server", "shared", "web") ||
      path === "shared/lib/clock.ts" ||
      inFolder(path, "server/bench") ||
      isTest(path),
    reason: "time and timers come from shared/lib/clock.ts (or say why not in a `// clock: reason` comment)",
    excuse: /\/\/ clock: \S/,
  },
];

/** Path from the root of what a relative specifier names; packages are of no concern here. */
const resolveSpecifier = (specifier, from) =>
  specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier.replace(/\?.*$/, "")) : undefined;

/** All findings for one file: {line, reason}. `path` is relative to the root with forward slashes. */
export function checkSource(path, text) {
  const findings = [];
  for (const { specifier, line, typeOnly } of importsOf(text)) {
    const to = resolveSpecifier(specifier, path);
    if (to === undefined) continue;
    for (const rule of importRules) {
      const reason = rule({ from: path, to, typeOnly });
      if (reason) findings.push({ line, reason });
    }
  }
  const lines = text.split("\n");
  const codeLines = blankLiterals(text).split("\n");
  for (const { pattern, exempt, reason, excuse } of codeRules) {
    if (exempt(path)) continue;
    codeLines.forEach((code, index) => {
      if (!pattern.test(code)) return;
      if (excuse && (excuse.test(lines[index] ?? "") || excuse.test(lines[index - 1] ?? ""))) return;
      findings.push({ line: index + 1, reason });
    });
  }
  const length = lines.length - (lines.at(-1) === "" ? 1 : 0);
  if (length > maxLines)
    findings.push({ line: maxLines + 1, reason: `${length} lines; a file has at most ${maxLines}` });
  return findings.sort((a, b) => a.line - b.line);
}

/** Findings of a whole tree as printable lines. */
export function checkTree(base = root) {
  return listFiles(sourceFolders, isSource, base).flatMap((file) => {
    const path = relative(base, file).split(sep).join("/");
    return checkSource(path, readFileSync(file, "utf8")).map(({ line, reason }) => `${path}:${line}: ${reason}`);
  });
}

if (isProgram(import.meta.url)) {
  await runMain(() => {
    const findings = checkTree(process.argv[2] === undefined ? root : resolve(process.argv[2]));
    for (const finding of findings) sayErr(finding);
    sayOut(findings.length === 0 ? "Import rules hold." : `${findings.length} broken rule(s).`);
    return findings.length === 0 ? 0 : 1;
  });
}
