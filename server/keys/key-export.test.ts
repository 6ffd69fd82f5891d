import { compactDecrypt, importJWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ExportedKey, KeyInventory, VideoKeyPage } from "../../shared/api/keys.ts";
import { fingerprint } from "../../shared/evidence/signature.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { newSigningKey } from "../export/signing-key.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { dayOfEpoch, deriveEpochKey, epochAt } from "./epoch.ts";

interface Secret {
  readonly cameraId: string;
  readonly utcDay: string;
  readonly keys: readonly { readonly id: number; readonly suite: string; readonly dek: string }[];
  readonly generations: readonly { readonly id: number; readonly salt: string }[];
}

describe("the keys of the API", () => {
  let server: TestServer;
  let token: string;
  let cameraId: string;
  const utcDay = dayOfEpoch(epochAt(systemClock().utcMicros()));

  beforeAll(async () => {
    server = await startTestServer();
    token = (await server.login("admin")).accessToken;
    cameraId = (await server.addCamera("Vault")).id;
    await server.keys.service.sealKeys(cameraId, 1);
  });
  afterAll(() => server.close());

  const call = async <T>(method: string, path: string, status: number, body?: unknown): Promise<T> => {
    const response = await server.call(method, `/api/v1${path}`, { token, body });
    const text = await response.text();
    expect(response.status, text).toBe(status);
    return JSON.parse(text) as T;
  };
  const ask = { cameraId: "", utcDay, reason: "case 17", password: ADMIN_PASSWORD };

  /** Opens today's epoch key with nothing but the file's content. */
  async function sameAsServer(secret: Secret): Promise<void> {
    const epoch = epochAt(systemClock().utcMicros());
    const [key] = secret.keys;
    const generation = secret.generations.find(({ id }) => id === 1);
    const [dek, salt] = [Buffer.from(key?.dek ?? "", "base64url"), Buffer.from(generation?.salt ?? "", "base64url")];
    expect(secret).toMatchObject({ cameraId, utcDay });
    expect(dek).toHaveLength(32);
    const derived = deriveEpochKey(new Uint8Array(dek), new Uint8Array(salt), epoch, 1, cameraId);
    expect((await server.keys.service.epochKey(cameraId, key?.id ?? 0, 1, epoch)).key).toEqual(derived);
  }

  it("leave wrapped for a public key, with a row that says so", async () => {
    const { publicJwk, privateJwk } = await newSigningKey();
    const recipient = { kind: "public-key", publicKey: publicJwk };
    const file = await call<ExportedKey>("POST", "/keys/export", 200, { ...ask, cameraId, recipient });
    expect(file.recipient).toBe(fingerprint(publicJwk));
    const { x = "", y = "", d = "" } = privateJwk;
    const key = await importJWK({ kty: "EC", crv: "P-256", x, y, d }, "ECDH-ES+A256KW");
    const { plaintext } = await compactDecrypt(file.jwe, key);
    await sameAsServer(JSON.parse(new TextDecoder().decode(plaintext)) as Secret);
    const { entries } = await call<{ entries: unknown[] }>("GET", "/audit?action=key.export", 200);
    expect(entries[0]).toMatchObject({ cameraId, details: { utcDay, reason: "case 17", recipient: file.recipient } });
  });

  it("leave wrapped for a passphrase, never in clear", async () => {
    const recipient = { kind: "passphrase", passphrase: "four words of length" };
    const file = await call<ExportedKey>("POST", "/keys/export", 200, { ...ask, cameraId, recipient });
    const options = { maxPBES2Count: 1_000_000, keyManagementAlgorithms: ["PBES2-HS512+A256KW"] };
    const { plaintext } = await compactDecrypt(file.jwe, new TextEncoder().encode(recipient.passphrase), options);
    const secret = JSON.parse(new TextDecoder().decode(plaintext)) as Secret;
    await sameAsServer(secret);
    expect(JSON.stringify(file)).not.toContain(secret.keys[0]?.dek);
    const wrong = new TextEncoder().encode("four words of lengty");
    await expect(compactDecrypt(file.jwe, wrong, options)).rejects.toThrow();
  });

  it("do not leave for a wrong password, a weak passphrase, an impossible key or a day without one", async () => {
    const recipient = { kind: "passphrase", passphrase: "four words of length" };
    const body = { ...ask, cameraId, recipient };
    await call("POST", "/keys/export", 403, { ...body, password: "guessed" });
    await call("POST", "/keys/export", 400, { ...body, recipient: { kind: "passphrase", passphrase: "short" } });
    const point = { kty: "EC", crv: "P-256", x: "A".repeat(43), y: "A".repeat(43) };
    await call("POST", "/keys/export", 400, { ...body, recipient: { kind: "public-key", publicKey: point } });
    await call("POST", "/keys/export", 404, { ...body, utcDay: "2020-01-01" });
    await call("POST", "/keys/export", 400, { ...body, recipient: { kind: "none" } });
  });

  it("are listed without their material, and renewed on schedule", async () => {
    const { keys } = await call<VideoKeyPage>("GET", `/keys/video?cameraId=${cameraId}&fromDay=${utcDay}`, 200);
    expect(keys.map((key) => key.utcDay)).toContain(utcDay);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(["cameraId", "createdAt", "id", "masterKey", "suite", "utcDay"]);
    const inventory = await call<KeyInventory>("PUT", "/keys/schedule", 200, { rotationDays: 90 });
    const [current] = inventory.masterKeys.filter((one) => one.current);
    expect(Date.parse(inventory.rotation.nextAt) - Date.parse(current?.createdAt ?? "")).toBe(90 * 86_400_000);
    expect(JSON.stringify(inventory)).not.toMatch(/wrapped|salt|label/);
  });
});
