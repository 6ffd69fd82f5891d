import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { systemClock } from "../../shared/lib/clock.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros } from "../../shared/lib/time.ts";
import { acmeChallenge } from "./acme-challenge.ts";
import { readTlsFiles, tlsFilesState } from "./certificate-files.ts";
import { type Certificate, tlsCertificate } from "./certificates.ts";

const clock = systemClock();
let folder: string;
let own: Certificate;
let files: { certificate: string; privateKey: string };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fv-tls-files-"));
  own = await tlsCertificate(folder, clock);
  files = { certificate: join(folder, "cert.pem"), privateKey: join(folder, "key.pem") };
  await writeFile(files.certificate, own.certificatePem);
  await writeFile(files.privateKey, own.privateKeyPem);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("a pair that fits is read", async () => {
  expect(await readTlsFiles(files, clock)).toEqual({ certificate: own.certificatePem, privateKey: own.privateKeyPem });
});

it.each<[string, string, () => Promise<unknown>]>([
  ["FLUXVISION_TLS_CERT", "is not there", () => rm(files.certificate)],
  ["FLUXVISION_TLS_CERT", "is no PEM", () => writeFile(files.certificate, "MIIB")],
  ["FLUXVISION_TLS_KEY", "is no key", () => writeFile(files.privateKey, own.certificatePem)],
  [
    "FLUXVISION_TLS_KEY",
    "belongs to another certificate",
    async () => writeFile(files.privateKey, (await tlsCertificate(join(folder, "other"), clock)).privateKeyPem),
  ],
])("%s that %s is named, and its content is not", async (field, _, spoil) => {
  await spoil();
  const failure = await readTlsFiles(files, clock).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "config.invalid", field });
  expect(String(failure)).not.toMatch(/BEGIN|MII/);
});

it("a certificate that has ended is not served", async () => {
  const later = new SimulatedClock(micros(clock.utcMicros() + 400 * 86_400_000_000));
  await expect(readTlsFiles(files, later)).rejects.toMatchObject({ field: "FLUXVISION_TLS_CERT" });
});

it("a turned link, as Kubernetes turns it, is a change", async () => {
  const link = join(folder, "current.pem");
  await symlink(files.certificate, link);
  const linked = { ...files, certificate: link };
  const before = await tlsFilesState(linked);
  expect(await tlsFilesState(linked)).toBe(before);
  await writeFile(join(folder, "next.pem"), own.certificatePem);
  await unlink(link);
  await symlink(join(folder, "next.pem"), link);
  expect(await tlsFilesState(linked)).not.toBe(before);
  await unlink(link);
  expect(await tlsFilesState(linked)).toContain("missing");
});

it("an ACME challenge is found by its token, and nothing else is found", async () => {
  const challenges = join(folder, ".well-known", "acme-challenge");
  await mkdir(challenges, { recursive: true });
  await writeFile(join(challenges, "abc_DEF-1"), "abc_DEF-1.thumb_print-2\n");
  await writeFile(join(challenges, "large"), `a.${"b".repeat(5000)}`);
  await writeFile(join(challenges, "secret"), "password = 1");
  await mkdir(join(challenges, "folder"));
  await symlink(files.privateKey, join(challenges, "link"));
  expect(await acmeChallenge(folder, "abc_DEF-1")).toBe("abc_DEF-1.thumb_print-2");
  for (const token of ["none", "large", "secret", "folder", "link", "", "..", "../../key.pem", "a/b", "a%2fb", "a\0"]) {
    expect(await acmeChallenge(folder, token)).toBeUndefined();
  }
});
