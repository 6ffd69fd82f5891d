import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import type { RelayCertificates } from "../relay/protocol.ts";
import { relayCertificates } from "../relay-data.ts";
import { tlsFilesState } from "./certificate-files.ts";
import { tlsCertificate } from "./certificates.ts";
import { CertificateRenewal } from "./renewal.ts";

const DAY_MS = 86_400_000;
let dataDir: string;
let clock: SimulatedClock;
let changes: RelayCertificates[];
let errors: string[];
let checked: () => void;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "fluxvision-renewal-"));
  clock = new SimulatedClock(micros(1_790_000_000_000_000));
  changes = [];
  errors = [];
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function day(): Promise<void> {
  const done = new Promise<void>((resolve) => {
    checked = resolve;
  });
  clock.advance(millis(DAY_MS));
  await done;
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

function renewal(current: RelayCertificates, load: () => Promise<RelayCertificates>): CertificateRenewal {
  return new CertificateRenewal(current, {
    clock,
    log: { info: () => undefined, error: (_, text) => errors.push(text) },
    load: () => load().finally(() => checked()),
    onChanged: (certificates) => changes.push(certificates),
  });
}

test("a server that runs for weeks always serves a WebTransport certificate that has days left", async () => {
  const config = { dataDir, tlsFiles: undefined };
  const first = await relayCertificates(config, clock);
  const running = renewal(first, () => relayCertificates(config, clock));
  for (let i = 0; i < 15; i++) await day();
  expect(changes).toHaveLength(2);
  expect(changes[0]?.webTransport.hashBase64).not.toBe(first.webTransport.hashBase64);
  expect(running.current).toBe(changes[1]);
  // The one for HTTPS lasts a year.
  expect(running.current.tls).toEqual(first.tls);
  expect(errors).toEqual([]);
  await running.close();
  expect(clock.pendingTimers).toBe(0);
});

test("a check that fails is told and repeated the next day", async () => {
  const config = { dataDir, tlsFiles: undefined };
  const first = await relayCertificates(config, clock);
  let broken = true;
  const other = { ...first, tls: { certificate: "other", privateKey: "key" } };
  const running = renewal(first, async () => {
    if (broken) throw new Error("disk full");
    return other;
  });
  await day();
  expect(errors).toHaveLength(1);
  expect(running.current).toBe(first);
  broken = false;
  await day();
  expect(changes).toEqual([other]);
  await running.close();
});

test("the operator's files are looked at, and what cannot be served takes nobody's place", async () => {
  const folder = join(dataDir, "given");
  const files = { certificate: join(folder, "fullchain.pem"), privateKey: join(folder, "privkey.pem") };
  const config = { dataDir, tlsFiles: files };
  const made = [await tlsCertificate(join(dataDir, "1"), clock), await tlsCertificate(join(dataDir, "2"), clock)];
  const put = async (index: number, part: "certificate" | "privateKey" | "both"): Promise<void> => {
    const pair = made[index];
    await mkdir(folder, { recursive: true });
    if (part !== "privateKey") await writeFile(files.certificate, pair?.certificatePem ?? "");
    if (part !== "certificate") await writeFile(files.privateKey, pair?.privateKeyPem ?? "");
  };
  await put(0, "both");
  let looked = 0;
  const first = await relayCertificates(config, clock);
  const running = new CertificateRenewal(first, {
    clock,
    log: { info: () => undefined, error: (_, text) => errors.push(text) },
    load: () => relayCertificates(config, clock),
    onChanged: (certificates) => changes.push(certificates),
    filesState: async () => {
      const state = await tlsFilesState(files);
      looked++;
      return state;
    },
  });
  /** Until the next look, and all that came of it, is over. */
  const look = async (): Promise<void> => {
    const before = looked;
    clock.advance(millis(5_000));
    await vi.waitUntil(() => looked > before);
    await running.settled;
  };
  await look();
  expect(changes).toEqual([]);

  // Half of a new pair is served by nobody, and complained of once.
  await put(1, "certificate");
  await look();
  await look();
  expect(changes).toEqual([]);
  expect(errors).toHaveLength(1);
  await put(1, "privateKey");
  await look();
  expect(changes.map(({ tls }) => tls.certificate)).toEqual([made[1]?.certificatePem]);
  expect(changes[0]?.webTransport).toEqual(first.webTransport);

  await writeFile(files.certificate, "gone wrong");
  await look();
  expect([changes.length, errors.length]).toEqual([1, 2]);
  await put(0, "both");
  await running.reload();
  expect(changes.map(({ tls }) => tls.certificate)).toEqual([made[1]?.certificatePem, made[0]?.certificatePem]);
  await running.close();
  expect(clock.pendingTimers).toBe(0);
});
