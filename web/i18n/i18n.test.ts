import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import type { TileReason } from "../engine/worker-protocol.ts";
import { en } from "./en.ts";
import { LANGUAGES, preferredLanguage } from "./i18n.ts";
import { ko } from "./ko.ts";

type Tree = { readonly [key: string]: string | Tree };

function flatten(tree: Tree, path = ""): Map<string, string> {
  const found = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (typeof value === "string") found.set(at, value);
    else for (const [inner, text] of flatten(value, at)) found.set(inner, text);
  }
  return found;
}

const english = flatten(en);
const korean = flatten(ko);
const placeholders = (text: string): string[] =>
  [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = ""]) => name).sort();

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.|^(worker|engine|testkit|i18n)[/\\]|testing/.test(path))
    .map((path) => readFileSync(join(folder, path), "utf8"));
}
/** A key of which there is one text for each plural form: `t("x", { count })` finds x_one or x_other. */
const singular = (key: string): string => key.replace(/_(one|other)$/, "");
const code = sources(fileURLToPath(new URL("..", import.meta.url))).join("\n");

describe("translations", () => {
  test("English and Korean have the same keys", () => {
    expect([...korean.keys()]).toEqual([...english.keys()]);
  });

  test("no text is empty, and each names the same values", () => {
    for (const [key, text] of english) {
      const other = korean.get(key) ?? "";
      expect(other.trim(), key).not.toBe("");
      expect(placeholders(other), key).toEqual(placeholders(text));
    }
  });

  test("Korean is Korean: only names of techniques are the same in both", () => {
    const same = [...english]
      .filter(
        ([key, text]) => korean.get(key) === text && /[a-z]{4}/.test(text.replace(/\{\{\w+\}\}|kbit\/s|Mbit\/s/g, "")),
      )
      .map(([key]) => key);
    expect(same).toEqual([
      "app.name",
      "status.transportKind.webtransport",
      "status.transportKind.websocket",
      "about.databases.postgres",
    ]);
  });

  test("every key in the code exists", () => {
    const used = [...code.matchAll(/\bt\(\s*"([\w.-]+)"/g)].map(([, key = ""]) => key);
    expect(used.length).toBeGreaterThan(150);
    const known = new Set([...english.keys()].flatMap((key) => [key, singular(key)]));
    expect(used.filter((key) => !known.has(key))).toEqual([]);
  });

  test("every key is used, by name or by its family", () => {
    const families = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map(([, prefix = ""]) => prefix);
    const unused = [...english.keys()].filter(
      (key) => !code.includes(`"${singular(key)}"`) && !families.some((prefix) => key.startsWith(prefix)),
    );
    expect(unused).toEqual([]);
  });

  test("every reason of a tile has words", () => {
    const reasons: Readonly<Record<TileReason, string>> = en.tile.reason;
    expect(Object.keys(reasons)).toHaveLength(15);
  });
});

describe("the language of a visit", () => {
  const stored = (value: string | null) => ({ getItem: () => value });
  test("the choice on this device, then the browser's, then English", () => {
    expect(LANGUAGES).toEqual(["en", "ko"]);
    expect(preferredLanguage(stored("ko"), ["en-US"])).toBe("ko");
    expect(preferredLanguage(stored(null), ["fr-FR", "ko-KR", "en"])).toBe("ko");
    expect(preferredLanguage(stored("xx"), ["fr"])).toBe("en");
  });
});
