import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Simulator, startSimulator } from "../../server/simulator/simulator.ts";
import { type ApiClient, addCamera, signIn } from "../../server/testkit/api.ts";
import { ADMIN_PASSWORD, type ServerUnderTest, startServer } from "../../server/testkit/server-process.ts";
import type { SegmentEntry, StorageVolume, Timeline } from "../../shared/api/recording.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { LoopDisk } from "../recording/loop-disk.ts";
import { runCheck } from "../recording/run-check.ts";
import { until } from "../until.ts";

const SECOND = 1_000_000;
const MEGABYTES = 200;

const permitted = LoopDisk.permitted();
if (!permitted)
  process.stdout.write("recording on real disks: skipped, as no loop device may be mounted (needs root)\n");

interface Fault {
  readonly name: string;
  readonly state: string;
  readonly begin: (disk: LoopDisk) => void;
  readonly end: (disk: LoopDisk) => void;
}
const FAULTS: readonly Fault[] = [
  { name: "is full", state: "full", begin: (disk) => disk.fill(200_000), end: (disk) => disk.makeRoom() },
  { name: "breaks", state: "read-only", begin: (disk) => disk.breakDown(), end: (disk) => disk.repair() },
  { name: "hangs", state: "slow", begin: (disk) => disk.freeze(), end: (disk) => disk.thaw() },
];

describe.skipIf(!permitted)("the real server, recording to a disk", () => {
  let disk: LoopDisk;
  let simulator: Simulator;
  let server: ServerUnderTest;
  let api: ApiClient;
  let dataDir: string;
  afterEach(async () => {
    await server.close();
    await simulator.close();
    disk.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const volumes = () => api.request<StorageVolume[]>("GET", "/storage/volumes");
  const stateOf = async (id: string) => (await volumes()).find((volume) => volume.id === id)?.state;
  /** A disk takes longer to be found ill and well again than a camera. */
  const patiently = <T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> => until(ask, isSo, 90_000);

  it.each(FAULTS)(
    "that $name: goes on elsewhere, comes back, and check finds nothing",
    {
      timeout: 300_000,
    },
    async ({ name, state, begin, end }) => {
      disk = new LoopDisk(MEGABYTES);
      dataDir = await mkdtemp(join(tmpdir(), "fluxvision-disks-"));
      simulator = await startSimulator({ cameras: 1 });
      const options = { dataDir, adminPassword: ADMIN_PASSWORD };
      server = await startServer(options);
      api = await signIn(server.url);
      const [own] = await volumes();
      const body = {
        name: "Disk",
        kind: "local",
        tier: "hot",
        location: join(disk.path, "recordings"),
        reserveBytes: 0,
      };
      const { id } = await api.request<StorageVolume>("POST", "/storage/volumes", body);
      const policy = { mode: "continuous", segmentSeconds: 10, volumeIds: [id, own?.id] };
      await api.request("PUT", "/recording/policies", { scope: "system", target: "system", policy });
      const camera = await addCamera(api, "Gate", simulator.url(1, "main"));
      const from = systemClock().utcMicros();
      const newest = async () => {
        const list = await api.request<SegmentEntry[]>("GET", `/recordings?camera=${camera}&start=${from}`);
        return Math.max(0, ...list.map(({ endMicros }) => endMicros));
      };
      await patiently(newest, (at) => at > from + 3 * SECOND);
      begin(disk);
      await patiently(
        () => stateOf(id),
        (now) => now === state,
      );
      const left = systemClock().utcMicros();
      await patiently(newest, (at) => at > left + 3 * SECOND);
      end(disk);
      await patiently(
        () => stateOf(id),
        (now) => now === "ok",
      );
      const back = systemClock().utcMicros();
      await patiently(newest, (at) => at > back + 3 * SECOND);
      const range = `startMicros=${from}&endMicros=${systemClock().utcMicros()}&resolutionMicros=100000`;
      const timeline = await api.request<Timeline>("GET", `/timeline?cameras=${camera}&${range}`);
      const [{ recorded = [], gaps = [] } = {}] = timeline.cameras;
      await server.close();
      // What the disk could not take an end for gets it at the next start.
      server = await startServer(options);
      await server.close();
      const report = await runCheck({ FLUXVISION_DATA_DIR: dataDir }, "--full");
      const { files, frames, opened, findings } = report;
      process.stdout.write(
        `disk that ${name}: ${JSON.stringify({ files, frames, recorded: recorded.length, gaps, findings })}\n`,
      );
      expect(findings).toEqual([]);
      expect(opened).toBe(frames);
      // Nothing is missing: what the disk had not confirmed went to the other volume.
      expect(recorded).toHaveLength(1);
      expect(gaps.filter(({ reason }) => reason.startsWith("storage") || reason === "recorder-overflow")).toEqual([]);
    },
  );
});
