import { describe, expect, it } from "vitest";
import { parseConfig } from "../config/env.ts";
import { findRootKey } from "./root-key.ts";
import { printedBy } from "./root-key-command.ts";

const node = (script: string, ...args: string[]) => [process.execPath, "-e", script, ...args];
const KEY = "ab".repeat(32);

describe("a root key that a program prints", () => {
  it("is taken from standard output; arguments are not a shell's", async () => {
    const command = node("process.stdout.write(process.argv[1] + '\\n')", KEY);
    const found = await findRootKey({ file: "/nowhere/root.key", command });
    expect(found).toEqual({ key: new Uint8Array(32).fill(0xab), origin: "command", exposed: false });
    expect(await printedBy(node("process.stdout.write(process.argv[1])", "$(id); `id` && id"))).toBe(
      "$(id); `id` && id",
    );
  });

  it.each([
    ["runs too long", node("setInterval(() => {}, 1000)"), /did not end within 0.5 s/, 500],
    ["prints without end", node("for (;;) process.stdout.write('x'.repeat(1000))"), /printed more than 4096 bytes/],
    ["fails", node("console.error('no\\u001b[31m such key'); process.exit(3)"), /ended with 3: no \[31m such key$/],
    ["is not there", ["/nowhere/kms"], /cannot be run: ENOENT/],
  ])("is refused when the program %s", async (_, command, message, limit_ms = 60_000) => {
    await expect(printedBy(command, limit_ms)).rejects.toMatchObject({
      code: "keys.root_key_unreadable",
      message: expect.stringMatching(message),
    });
  });

  it("is never repeated in an error", async () => {
    const command = node("process.stdout.write('not-a-key-but-secret')");
    const error: unknown = await findRootKey({ file: "/nowhere", command }).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "keys.root_key_unreadable" });
    expect(String(error)).not.toContain("not-a-key");
  });

  it("does not see our settings", async () => {
    process.env.FLUXVISION_ADMIN_PASSWORD = "secret";
    try {
      expect(await printedBy(node("console.log(Object.keys(process.env).filter(n => /^FLUX/.test(n)).length)"))).toBe(
        "0",
      );
    } finally {
      delete process.env.FLUXVISION_ADMIN_PASSWORD;
    }
  });

  it("is configured as a list, and not beside another key", () => {
    const command = '["/usr/bin/kms-get", "--key", "a b"]';
    expect(parseConfig({ FLUXVISION_ROOT_KEY_COMMAND: command }, "/").rootKeyCommand).toEqual([
      "/usr/bin/kms-get",
      "--key",
      "a b",
    ]);
    for (const bad of ["kms-get --key x", "[]", '{"a":1}', "[1]"]) {
      expect(() => parseConfig({ FLUXVISION_ROOT_KEY_COMMAND: bad }, "/")).toThrow(/FLUXVISION_ROOT_KEY_COMMAND/);
    }
    const both = { FLUXVISION_ROOT_KEY_COMMAND: command, FLUXVISION_ROOT_KEY: KEY };
    expect(() => parseConfig(both, "/")).toThrow(/give one of them/);
  });
});
