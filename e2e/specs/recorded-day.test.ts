import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { fileBytes } from "../../server/export/package-source.ts";
import { findFfmpeg } from "../../server/testkit/tools.ts";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import { openZip } from "../../shared/evidence/package-files.ts";
import { type DayFootage, footageOf, ownFootage, SHARED_CLIP, sharedFootageIsHere } from "../recording/day-footage.ts";
import { RecordedDay, START } from "../recording/recorded-day.ts";

/** 24 is a whole day; what happens in a day happens in three hours too, closer together. */
const HOURS = Number(process.env.DAY_HOURS ?? 3);
const run = promisify(execFile);
const ffmpeg = findFfmpeg();

let day: RecordedDay | undefined;
let folder: string | undefined;
afterEach(async () => {
  await day?.close();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  day = undefined;
  folder = undefined;
});

/** What cameras, networks, disks and administrators do in a day. */
async function live(one: RecordedDay): Promise<void> {
  const part = (HOURS * 3600) / 8;
  await one.pass(part);
  await one.loseOne();
  await one.pass(part);
  // The camera is restarted.
  one.hangUp();
  await one.pass(300);
  one.comeBack();
  await one.pass(part);
  // It says nothing, and does not hang up.
  one.line = "silent";
  await one.pass(90);
  one.line = "up";
  await one.pass(part);
  // The disk is full.
  one.io.faults.set(one.volumeFolder, "ENOSPC");
  await one.pass(120);
  one.io.resume();
  await one.pass(part);
  // No key comes, for longer than those that are there are good for.
  one.keysAnswer = false;
  await one.pass(1500);
  one.keysAnswer = true;
  await one.pass(part);
  await one.stopServer();
  await one.pass(600);
  await one.startServer();
  await one.pass(part * 2);
}

/** Every media file of the package decoded: pictures that FFmpeg gives out, and its complaints. */
async function decode(path: string): Promise<{ files: number; listed: number; decoded: number; complaints: string }> {
  folder = await mkdtemp(join(tmpdir(), "fluxvision-day-out-"));
  const { files } = await openZip(await fileBytes(path));
  const entry = files.find(({ name }) => name === "manifest.json");
  if (!entry) throw new Error("no manifest");
  const manifest = JSON.parse(new TextDecoder().decode(await entry.readAt(0, entry.bytes))) as Manifest;
  const totals = { files: 0, listed: 0, decoded: 0, complaints: "" };
  for (const { name, kind, media } of manifest.files) {
    const file = files.find((one) => one.name === name);
    if (kind !== "media" || !file) continue;
    const out = join(folder, basename(name));
    await writeFile(out, await file.readAt(0, file.bytes));
    const args = ["-v", "error", "-stats", "-i", out, "-map", "0:v", "-fps_mode", "passthrough", "-f", "null", "-"];
    const { stderr } = await run(ffmpeg ?? "", args, { maxBuffer: 64 * 1024 * 1024 });
    const counted = [...stderr.matchAll(/frame=\s*(\d+)/g)].at(-1)?.[1];
    totals.files++;
    totals.listed += media?.frames ?? 0;
    totals.decoded += Number(counted ?? 0);
    totals.complaints += stderr.replaceAll(/frame=.*?[\r\n]+/g, "").trim();
    await rm(out);
  }
  return totals;
}

async function record(footage: DayFootage, name: string): Promise<void> {
  const one = await RecordedDay.open(footage);
  day = one;
  await live(one);
  await one.stopServer();
  const [{ pictures, files, bytes }, gaps, report] = [await one.stored(), await one.gaps(), await one.check()];
  const stored = new Set(pictures);
  const missing = one.filmed.filter(({ pts }) => !stored.has(pts));
  const unnamed = missing.filter(
    ({ atMicros }) => !gaps.some((gap) => gap.startMicros <= atMicros + 1000 && gap.endMicros > atMicros),
  );
  const figures = { hours: HOURS, filmed: one.filmed.length, onDisk: pictures.length, files, megabytes: bytes >> 20 };
  const named = gaps.map(({ reason, startMicros, endMicros }) => {
    return `${reason} ${((endMicros - startMicros) / 1e6).toFixed(1)} s`;
  });
  process.stdout.write(`${name}: ${JSON.stringify({ ...figures, missing: missing.length, named })}\n`);
  // Nothing twice, nothing that was not filmed, nothing without a name.
  expect(stored.size).toBe(pictures.length);
  expect(pictures.length + missing.length).toBe(one.filmed.length);
  expect(unnamed.map(({ atMicros }) => (atMicros - START) / 1e6)).toEqual([]);
  expect(missing.length).toBeGreaterThan(0);
  expect(new Set(gaps.map(({ reason }) => reason))).toEqual(
    new Set(["frames-lost", "camera-offline", "storage-full", "no-key", "server-stopped"]),
  );
  expect(gaps.filter(({ open }) => open)).toEqual([]);
  expect(report).toMatchObject({ findings: [], frames: pictures.length, opened: pictures.length });
  if (ffmpeg === undefined) {
    process.stderr.write("Skipped: the export of the day (FFmpeg is not installed).\n");
    return;
  }
  const decoded = await decode(await one.export());
  process.stdout.write(`${name}: ${JSON.stringify(decoded)}\n`);
  expect(decoded).toMatchObject({ listed: pictures.length, decoded: pictures.length, complaints: "" });
}

test(`${HOURS} hours of a camera: every picture is on disk or named in a gap, and comes out of the export`, {
  timeout: 1_200_000,
}, async () => {
  await record(await ownFootage(), "own footage");
});

test(`${HOURS} hours of lent footage with B-frames: the same`, { timeout: 1_800_000 }, async ({ skip }) => {
  if (!sharedFootageIsHere() || ffmpeg === undefined) skip("needs FFmpeg, and footage beside the checkout");
  await record(await footageOf(ffmpeg ?? "", SHARED_CLIP), "lent footage");
});
