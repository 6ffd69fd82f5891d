import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { tlsCertificate, webTransportCertificate } from "./certificates.ts";

const DAY_MS = 86_400_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fluxvision-tls-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("is kept over restarts, matches its key, is readable by its owner alone", async () => {
  const clock = new SimulatedClock(micros(1_790_000_000_000_000));
  const first = await tlsCertificate(folder, clock);
  const second = await tlsCertificate(folder, clock);
  expect(second.certificatePem).toBe(first.certificatePem);
  const parsed = new X509Certificate(first.certificatePem);
  expect(parsed.checkPrivateKey(createPrivateKey(first.privateKeyPem))).toBe(true);
  expect(parsed.checkHost("localhost")).toBe("localhost");
  expect(parsed.checkIP("127.0.0.1")).toBe("127.0.0.1");
  expect((await stat(join(folder, "tls.pem"))).mode & 0o777).toBe(0o600);
});

test("the pinned certificate stays within the browsers' 14 days and is renewed in time", async () => {
  const clock = new SimulatedClock(micros(1_790_000_000_000_000));
  const first = await webTransportCertificate(folder, clock);
  const parsed = new X509Certificate(first.certificatePem);
  expect(Date.parse(parsed.validTo) - Date.parse(parsed.validFrom)).toBeLessThanOrEqual(14 * DAY_MS);
  clock.advance(millis(8 * DAY_MS));
  const renewed = await webTransportCertificate(folder, clock);
  expect(renewed.hashBase64).not.toBe(first.hashBase64);
});

test("a damaged file is replaced", async () => {
  await writeFile(join(folder, "tls.pem"), "half a certif");
  const made = await tlsCertificate(folder, new SimulatedClock());
  expect(new X509Certificate(made.certificatePem).checkHost("localhost")).toBe("localhost");
});
