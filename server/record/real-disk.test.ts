import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { readHeader } from "../../shared/wire/sealed-frame.ts";
import { Recording } from "./testkit/recording.ts";
import { MARKER_FILE } from "./volume-io.ts";

const DISK_BYTES = 120 * 1024 * 1024;
const OTHER_BYTES = 90 * 1024 * 1024;
const PAYLOAD = 20_000;

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** A file system of its own in a file, where that is permitted here. */
function mountDisk(folder: string): { unmount(): void; device: string } {
  const image = `${folder}.img`;
  writeFileSync(image, "");
  execFileSync("truncate", ["-s", String(DISK_BYTES), image]);
  run("mkfs.ext4", "-q", image);
  run("mount", "-o", "loop,errors=remount-ro", image, folder);
  const device = basename(run("losetup", "-j", image).split(":")[0] ?? "");
  let mounted = true;
  const unmount = (): void => {
    if (mounted) run("umount", "-l", folder);
    mounted = false;
  };
  return { unmount, device };
}

function mayMount(): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  const folder = mkdtempSync(join(tmpdir(), "fluxvision-mount-"));
  try {
    mountDisk(folder).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${folder}.img`, { force: true });
  }
}

const permitted = mayMount();
if (!permitted) process.stdout.write("real disks: skipped, as no loop device may be mounted here (needs root)\n");

describe.skipIf(!permitted)("abuse case 18: recording on a disk of its own", () => {
  let recording: Recording;
  let disk: ReturnType<typeof mountDisk> | undefined;
  afterEach(async () => {
    await recording.recorder.close();
    disk?.unmount();
    await recording.close();
  });

  /** The first of two volumes is a small disk. */
  async function start(): Promise<string> {
    recording = await Recording.start({ volumes: 2 });
    const [first] = recording.volumes;
    if (!first) throw new Error("a volume");
    await rm(join(first.path, MARKER_FILE));
    disk = mountDisk(first.path);
    await writeFile(join(first.path, MARKER_FILE), first.id);
    recording.begin({ segmentMs: 3_600_000 });
    return first.path;
  }

  async function lost(): Promise<number> {
    const { frames } = await recording.stored();
    const stored = new Set(frames.map((bytes) => readHeader(bytes).sequence));
    return recording.sent.filter(({ header }) => !stored.has(header.sequence)).length;
  }

  const record = (seconds: number): Promise<void> => recording.run(seconds, () => ({ payload: PAYLOAD }));

  it("that becomes full: goes on elsewhere, loses nothing, and comes back when there is room", async () => {
    const path = await start();
    // Most of the disk is somebody else's.
    run("fallocate", "-l", String(OTHER_BYTES), join(path, "other"));
    recording.io.free = undefined;
    await record(40);
    expect(recording.volumeStates()).toEqual(["0 full"]);
    await rm(join(path, "other"));
    await record(70);
    await recording.recorder.close();
    expect(recording.volumeStates()).toEqual(["0 full", "0 ok"]);
    expect([await lost(), recording.gaps()]).toEqual([0, []]);
    // Also the file that was given up has its index: there was room for it.
    expect((await recording.stored()).closed).not.toContain(false);
  });

  it("that turns read-only after an error of its file system: goes on elsewhere and loses nothing", async () => {
    await start();
    await record(4);
    writeFileSync(`/sys/fs/ext4/${disk?.device}/trigger_fs_error`, "1");
    await record(8);
    await recording.recorder.close();
    expect(recording.volumeStates()).toEqual(["0 read-only"]);
    expect([await lost(), recording.gaps()]).toEqual([0, []]);
  });

  it("that is unmounted: its empty folder is not filled in its place", async () => {
    const path = await start();
    await record(4);
    const before = recording.sent.length;
    disk?.unmount();
    await record(12);
    await recording.recorder.close();
    expect(recording.volumeStates()).toEqual(["0 missing"]);
    expect(await readdir(path)).toEqual([]);
    const last = recording.closed().find(({ volumeId }) => volumeId.startsWith("00000000"));
    const { frames } = await recording.stored();
    const first = frames[0] && readHeader(frames[0]).sequence;
    // What went to the disk in between is on the disk; from there on all is on the other.
    expect(first).toBeLessThanOrEqual(last?.frames ?? 0);
    expect(last?.frames).toBeGreaterThanOrEqual(before - 50);
    expect(recording.gaps()).toEqual([]);
  });
});
