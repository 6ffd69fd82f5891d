import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Manifest } from "../../shared/evidence/manifest.ts";
import { openZip } from "../../shared/evidence/package-files.ts";
import { verifyPackage } from "../../shared/evidence/verify.ts";
import { findFfmpeg } from "../testkit/tools.ts";
import { fileBytes } from "./package-source.ts";
import { type Clip, readClip } from "./testkit/clip.ts";
import { ExportKit, START } from "./testkit/export-kit.ts";
import type { WrittenSegment } from "./testkit/sealed-footage.ts";
import { burnIn } from "./watermark.ts";

const run = promisify(execFile);
const ffmpeg = findFfmpeg();
if (ffmpeg === undefined) process.stderr.write("Skipped: export tests (FFmpeg is not installed).\n");

interface Probe {
  readonly streams: readonly { codec_type: string; codec_name: string; nb_read_frames: string }[];
  readonly format: { duration: string; format_name: string };
}

/** Decodes everything: what a player would meet. */
async function probe(path: string): Promise<Probe> {
  const what = ["-show_entries", "stream=codec_type,codec_name,nb_read_frames:format=duration,format_name"];
  const { stdout } = await run("ffprobe", ["-v", "error", "-count_frames", ...what, "-of", "json", path]);
  return JSON.parse(stdout) as Probe;
}

/** Presentation times of the pictures as a decoder gives them out. */
async function shownTimes(path: string): Promise<number[]> {
  const args = ["-v", "error", "-select_streams", "v", "-show_entries", "frame=pts_time", "-of", "csv=p=0", path];
  const { stdout } = await run("ffprobe", args);
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [Number.parseFloat(line)]));
}

describe.skipIf(ffmpeg === undefined)("an export", () => {
  let kit: ExportKit;
  let clip: Clip;
  let segments: WrittenSegment[];
  beforeAll(async () => {
    kit = await ExportKit.open();
    clip = await kit.clip(ffmpeg ?? "", 12);
    segments = await kit.footage(clip);
  });
  afterAll(() => kit.close());

  async function unpack(path: string): Promise<{ manifest: Manifest; folder: string; names: string[] }> {
    const folder = `${path}.d`;
    const { files } = await openZip(await fileBytes(path));
    for (const file of files) {
      await mkdir(dirname(join(folder, file.name)), { recursive: true });
      await writeFile(join(folder, file.name), await file.readAt(0, file.bytes));
    }
    const manifest = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Manifest;
    return { manifest, folder, names: files.map(({ name }) => name) };
  }

  it.each(["mp4", "mkv"] as const)("holds every picture in order, and the sound: %s", async (format) => {
    const path = await kit.export([kit.item(segments)], { format });
    const { manifest, folder } = await unpack(path);
    const [file] = manifest.files.filter(({ kind }) => kind === "media");
    expect(manifest.items[0]?.files).toEqual([file?.name]);
    expect(file?.media).toMatchObject({ frames: 300, keyframes: 12, codec: "h264", width: 320, audioCodec: "aac" });
    const { streams, format: facts } = await probe(join(folder, file?.name ?? ""));
    expect(streams.find(({ codec_type }) => codec_type === "video")).toMatchObject({
      codec_name: "h264",
      nb_read_frames: "300",
    });
    const sound = streams.find(({ codec_type }) => codec_type === "audio");
    expect(sound?.codec_name).toBe("aac");
    expect(Number(sound?.nb_read_frames)).toBeGreaterThan(180);
    expect(Number(facts.duration)).toBeCloseTo(12, 0);
    const times = await shownTimes(join(folder, file?.name ?? ""));
    expect(times).toEqual([...times].sort((a, b) => a - b));
    const steps = times.slice(1).map((at, i) => at - (times[i] ?? 0));
    expect(Math.max(...steps)).toBeLessThan(0.045);
    expect(Math.min(...steps)).toBeGreaterThan(0.035);
    expect((file?.media?.durationMicros ?? 0) / 1e6).toBeCloseTo(12, 1);
  });

  it("begins at the keyframe before the start, ends with the last picture before the end, and says both", async () => {
    const range = { startMicros: START + 2_500_000, endMicros: START + 6_200_000 };
    const { manifest, folder } = await unpack(await kit.export([kit.item(segments, range)]));
    const [item] = manifest.items;
    expect(item?.requested).toMatchObject(range);
    expect(item?.contained?.startMicros).toBe(clip.units.length > 0 ? START + 2_000_000 : 0);
    expect(item?.contained?.endMicros).toBeGreaterThanOrEqual(range.endMicros);
    expect(item?.contained?.endMicros).toBeLessThan(range.endMicros + 200_000);
    expect(item?.gaps).toEqual([]);
    const { streams } = await probe(join(folder, item?.files[0] ?? ""));
    const frames = Number(streams.find(({ codec_type }) => codec_type === "video")?.nb_read_frames);
    expect(frames).toBeGreaterThanOrEqual(105);
    expect(frames).toBeLessThanOrEqual(109);
  });

  it("makes a file for each unbroken stretch and names what lies between", async () => {
    const later = await kit.footage(clip, { start: (START + 60_000_000) as typeof START, generation: 4 });
    const gap = { startMicros: START + 12_000_000, endMicros: START + 40_000_000, reason: "camera-offline", frames: 0 };
    const item = kit.item([...segments, ...later], { gaps: [gap] });
    const { manifest } = await unpack(await kit.export([item], { audio: false }));
    expect(manifest.items[0]?.files).toHaveLength(2);
    expect(manifest.files.map(({ media }) => media?.frames).filter(Boolean)).toEqual([300, 300]);
    expect(manifest.items[0]?.gaps.map(({ reason }) => reason)).toEqual(["camera-offline", "not-recorded"]);
  });

  const hevc = fileURLToPath(new URL("../../../shared/media/car-hevc-720p.mp4", import.meta.url));
  if (!existsSync(hevc)) process.stderr.write("Skipped: an H.265 export (../shared/media is not here).\n");
  it.skipIf(!existsSync(hevc)).each(["mp4", "mkv"] as const)("keeps H.265: %s", async (format) => {
    const whole = await readClip(hevc);
    const units = whole.units.filter(({ codec }) => codec === "h265").slice(0, 100);
    const written = await kit.footage({ ...whole, units }, { streamId: 31 });
    const { manifest, folder } = await unpack(await kit.export([kit.item(written)], { format }));
    const { streams } = await probe(join(folder, manifest.items[0]?.files[0] ?? ""));
    expect(streams[0]).toMatchObject({ codec_name: "hevc", nb_read_frames: String(manifest.files[0]?.media?.frames) });
    expect(manifest.files[0]?.media?.frames).toBe(100);
    expect((await shownTimes(join(folder, manifest.items[0]?.files[0] ?? ""))).length).toBe(100);
  });

  it("plays G.711 where the container has no place for it", async () => {
    const units = clip.units.filter(({ codec }) => codec !== "aac");
    for (const law of ["pcmu", "pcma"] as const) {
      const sounds = Array.from({ length: 600 }, (_, at) => {
        const data = new Uint8Array(160).map((_, i) => (i + at) & 0xff);
        return { codec: law, data, keyframe: true, pts: at * 20_000, dts: at * 20_000 };
      });
      const mixed = [...units, ...sounds].sort((a, b) => a.dts - b.dts);
      const written = await kit.footage({ ...clip, units: mixed }, { streamId: law === "pcmu" ? 21 : 22 });
      for (const format of ["mp4", "mkv"] as const) {
        const { manifest, folder } = await unpack(await kit.export([kit.item(written)], { format }));
        const { streams, format: facts } = await probe(join(folder, manifest.items[0]?.files[0] ?? ""));
        const codec = format === "mkv" ? "pcm_s16le" : law === "pcmu" ? "pcm_mulaw" : "pcm_alaw";
        expect(streams.find(({ codec_type }) => codec_type === "audio")?.codec_name).toBe(codec);
        expect(streams.find(({ codec_type }) => codec_type === "video")?.nb_read_frames).toBe("300");
        expect(Number(facts.duration)).toBeCloseTo(12, 0);
      }
    }
  });

  /** Greys of the lower left corner of the first picture, where marks are drawn. */
  async function corner(path: string): Promise<Buffer> {
    const crop = ["-vf", "crop=160:40:0:ih-40,format=gray", "-frames:v", "1", "-f", "rawvideo", "-"];
    const { stdout } = await run(ffmpeg ?? "", ["-v", "error", "-i", path, ...crop], { encoding: "buffer" });
    return stdout;
  }
  const difference = (a: Buffer, b: Buffer): number =>
    a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;

  it("burns name and time in with FFmpeg, whatever the name contains", { timeout: 120_000 }, async () => {
    const corners: Buffer[] = [];
    kit.progress.length = 0;
    for (const watermark of [undefined, "Kim %{pts} ':;\\ $(id)", "WWWWWWWWWW"]) {
      const { manifest, folder } = await unpack(await kit.export([kit.item(segments)], { watermark }));
      expect(manifest.watermark).toBe(watermark !== undefined);
      const path = join(folder, manifest.items[0]?.files[0] ?? "");
      const { streams } = await probe(path);
      expect(streams.find(({ codec_type }) => codec_type === "video")?.nb_read_frames).toBe("300");
      expect(streams.some(({ codec_type }) => codec_type === "audio")).toBe(true);
      corners.push(await corner(path));
    }
    const [plain, kim, other] = corners as [Buffer, Buffer, Buffer];
    expect(plain).toHaveLength(160 * 40);
    // Reading alone is a tenth of a marked export.
    expect(kit.progress.some((part) => part > 0.2 && part < 1)).toBe(true);
    expect(difference(plain, kim)).toBeGreaterThan(10);
    // It is the name that is drawn, not only a box.
    expect(difference(kim, other)).toBeGreaterThan(5);
  });

  it("ends FFmpeg when it is cancelled, and waits for its end", async () => {
    const path = await kit.export([kit.item(segments)]);
    const { manifest, folder } = await unpack(path);
    const media = join(folder, manifest.items[0]?.files[0] ?? "");
    const abort = new AbortController();
    const marking = burnIn({ path: media, container: "mp4", text: "Kim", startMicros: START }, abort.signal);
    abort.abort(new Error("cancelled"));
    await expect(marking).rejects.toThrow("cancelled");
    // Where programs can be listed without another one.
    const ids = existsSync("/proc/self/cmdline") ? (await readdir("/proc")).filter((name) => /^\d+$/.test(name)) : [];
    const commands = await Promise.all(ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => "")));
    expect(commands.filter((command) => command.includes(basename(media)) && command.includes("drawtext"))).toEqual([]);
  });

  it("names what is missing where there is no FFmpeg", async () => {
    vi.stubEnv("PATH", kit.folder);
    const marked = kit.export([kit.item(segments)], { watermark: "Kim" });
    await expect(marked).rejects.toMatchObject({ code: "export.ffmpeg_missing" });
    vi.unstubAllEnvs();
  });

  it("says why there is nothing", async () => {
    await expect(kit.export([kit.item([])])).rejects.toMatchObject({ code: "export.no_footage" });
    const epoch = Math.floor(START / 600_000_000);
    kit.revoked.add(epoch).add(epoch + 1);
    await expect(kit.export([kit.item(segments)])).rejects.toMatchObject({ code: "export.key_revoked" });
    kit.revoked.clear();
    kit.revoked.add(epoch);
    const { manifest } = await unpack(await kit.export([kit.item(segments)]));
    kit.revoked.clear();
    expect(manifest.items[0]?.gaps.map(({ reason }) => reason)).toContain("key-revoked");
    expect(manifest.files[0]?.media?.frames).toBe(225);
  });

  it.each(["archive.gone", "storage.no_object"])(
    "goes on over a recording that is gone (%s) and names it",
    async (code) => {
      const written = await kit.footage(clip, { root: join(kit.folder, code) });
      const lost = written[1]?.place;
      if (lost?.kind === "file") await rm(lost.path);
      kit.archiveCode = code;
      const { manifest } = await unpack(await kit.export([kit.item(written)], { format: "sealed" }));
      expect(manifest.items[0]?.files).toHaveLength(written.length - 1);
      expect(manifest.items[0]?.gaps.map(({ reason }) => reason)).toEqual(["file-missing"]);
      // What may come back is no gap.
      for (const away of ["archive.busy", "storage.unreachable"]) {
        kit.archiveCode = away;
        await expect(kit.export([kit.item(written)], { format: "sealed" })).rejects.toMatchObject({ code: away });
      }
    },
  );

  it("leaves nothing behind when it is cancelled", async () => {
    const abort = new AbortController();
    abort.abort(new Error("cancelled"));
    const { runExport } = await import("./run-export.ts");
    const packagePath = join(kit.folder, "cancelled.zip");
    const order = {
      packagePath,
      workFolder: `${packagePath}.part`,
      items: [kit.item(segments)],
      createdAt: "2026-11-21T00:00:00Z",
    };
    await expect(runExport(order as never, kit.host(abort.signal))).rejects.toThrow("cancelled");
    await expect(readFile(packagePath)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("is intact as it was made", async () => {
    const path = await kit.export([kit.item(segments)]);
    const report = await verifyPackage(await openZip(await fileBytes(path)));
    expect(report.findings).toEqual([]);
    expect(report.ok).toBe(true);
    // Programs that go from header to header would unpack what is written behind the last entry.
    const bytes = await readFile(path);
    const directory = bytes.readUInt32LE(bytes.length - 6);
    const padded = Buffer.concat([bytes.subarray(0, directory), Buffer.from("PK"), bytes.subarray(directory)]);
    padded.writeUInt32LE(directory + 2, padded.length - 6);
    const more = `${path}.more.zip`;
    await writeFile(more, padded);
    const other = await verifyPackage(await openZip(await fileBytes(more)));
    expect(other.ok).toBe(false);
    expect(other.findings.map(({ code }) => code)).toEqual(["package.hidden"]);
    expect(report.checkedFiles).toBe(report.manifest?.files.length);
  });
});
