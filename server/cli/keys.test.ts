import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "@hono/node-server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedKey, KeyInventory } from "../../shared/api/keys.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { newSigningKey } from "../export/signing-key.ts";
import { dayOfEpoch, epochAt } from "../keys/epoch.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { UsageError } from "./cli.ts";
import { runKeys } from "./keys.ts";

describe("fluxvision keys", () => {
  let server: TestServer;
  let http: ReturnType<typeof serve>;
  let url: string;
  let folder: string;
  let cameraId: string;

  beforeAll(async () => {
    server = await startTestServer();
    cameraId = (await server.addCamera("Vault")).id;
    await server.keys.service.sealKeys(cameraId, 1);
    const { port } = await new Promise<AddressInfo>((listening) => {
      http = serve({ fetch: server.app.fetch, port: 0, hostname: "127.0.0.1" }, listening);
    });
    url = `http://127.0.0.1:${port}`;
    folder = await mkdtemp(join(tmpdir(), "fv-keys-"));
  });
  afterAll(async () => {
    await new Promise((closed) => http.close(closed));
    await server.close();
    await rm(folder, { recursive: true });
  });

  async function keys(args: string[], ...lines: string[]) {
    const said = { out: "", err: "" };
    const io = {
      out: (text: string) => {
        said.out += text;
      },
      err: (text: string) => {
        said.err += text;
      },
    };
    async function* stdin() {
      yield Buffer.from(lines.map((line) => `${line}\n`).join(""));
    }
    return { code: await runKeys([...args, "--server", url], io, stdin()), ...said };
  }

  it("lists what there is, without material", async () => {
    const { code, out } = await keys(["list"], ADMIN_PASSWORD);
    expect(code).toBe(0);
    expect(out).toMatch(/^Root key {6}[0-9A-F]{4}(-[0-9A-F]{4}){3} {2}\(file\)\nMaster key \d+ {2}made .*, in use/);
    expect(out).toMatch(/Video keys {4}[12] of 1 cameras/);
    expect(out).toMatch(/Signing key {3}audit, made .*: ([0-9A-F]{4}-){15}[0-9A-F]{4}/);
    expect(await keys(["list"], "guessed")).toMatchObject({ code: 1, out: "" });
  });

  it("rotates, and says how far it is", async () => {
    const before = server.keys.masterKeys.currentId;
    const { code, out } = await keys(["rotate", "--json"], ADMIN_PASSWORD);
    expect(code).toBe(0);
    const { masterKey, rotation } = JSON.parse(out) as { masterKey: number } & Pick<KeyInventory, "rotation">;
    expect(masterKey).toBeGreaterThan(before);
    expect(rotation).toMatchObject({ running: false, failed: null });
    expect(rotation.done).toBe(rotation.total);
  });

  it("hands out a day's key for a recipient, into a file that only its owner reads", async () => {
    const { publicJwk } = await newSigningKey();
    const recipient = join(folder, "recipient.jwk");
    await writeFile(recipient, JSON.stringify(publicJwk));
    const day = dayOfEpoch(epochAt(systemClock().utcMicros()));
    const out = join(folder, "key.json");
    const args = ["export", "--camera", "Vault", "--day", day, "--reason", "court", "--out", out];
    expect(await keys([...args, "--recipient", recipient], ADMIN_PASSWORD)).toMatchObject({ code: 0, err: "" });
    const file = JSON.parse(await readFile(out, "utf8")) as ExportedKey;
    expect(file).toMatchObject({ format: "fluxvision-video-key", cameraId, utcDay: day });
    const again = [...args.slice(0, -1), join(folder, "second.json")];
    expect(await keys(again, ADMIN_PASSWORD, "short")).toMatchObject({ code: 1, out: "" });
    const { accessToken: token } = await server.login("admin");
    const rows = await server.call("GET", "/api/v1/audit?action=key.export", { token });
    expect(await rows.json()).toMatchObject({ entries: [{ cameraId, details: { reason: "court" } }] });
  });

  it("says what is missing", async () => {
    await expect(keys(["export", "--camera", "Vault"])).rejects.toThrow(UsageError);
    await expect(keys(["burn"])).rejects.toThrow("say what to do");
    await expect(keys([])).rejects.toThrow(UsageError);
  });
});
