import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, stat, truncate, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import type { FluxCrypto, Suite } from "../../shared/crypto/types.ts";
import { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { micros } from "../../shared/lib/time.ts";
import { FLAG, HEADER_BYTES, readFrame, sealedFrameBytes, writeHeader } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentHeader, encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { recordingRuns, segments, storageVolumes } from "../db/schema/index.ts";
import { IndexBuilder } from "../record/segment-reader.ts";
import { CAMERA, START } from "../record/testkit/recording.ts";
import { databases, type TempDatabase } from "../testkit/temp-db.ts";
import { ArchiveCheck, type CheckReport } from "./check.ts";
import { storeOf, volumeRow } from "./testkit/volume-row.ts";
import type { VolumeRow } from "./volume-service.ts";

const SECOND = 1_000_000;
const SUITE: Suite = "LEA-256-GCM";

describe.each(databases)("check, $name", (kind) => {
  let database: TempDatabase;
  let crypto: FluxCrypto;
  let root: string;
  let volumes: VolumeRow[];
  const key = new Uint8Array(randomBytes(32));
  let revoked = false;
  let sequence = 0;

  beforeAll(async () => {
    database = await kind.open();
    crypto = await loadFluxCrypto();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    for (const table of [segments, recordingRuns]) await database.orm.delete(table);
    await database.orm.delete(storageVolumes);
    root = await mkdtemp(join(tmpdir(), "fluxvision-check-"));
    volumes = ["a", "b"].map((name) => volumeRow({ name, location: join(root, name) }));
    await database.orm.insert(storageVolumes).values(volumes);
    for (const volume of volumes) await storeOf(volumes, volume.id).claim();
    revoked = false;
    return () => rm(root, { recursive: true });
  });

  const run = (options: { repair?: boolean; full?: boolean } = {}): Promise<CheckReport> => {
    const opener = new FrameOpener(crypto, async (name) => {
      if (revoked) throw new FluxError("keys.revoked", "the key was destroyed");
      return { ...name, suite: SUITE, key };
    });
    const { repair = false, full = false } = options;
    const places = { rows: volumes, store: (id: string) => storeOf(volumes, id) };
    return new ArchiveCheck(database.orm, places, { repair, full, opener }).run();
  };
  const kinds = ({ findings }: CheckReport): string[] => findings.map(({ kind: what }) => what).sort();

  /** Truly sealed frames, 25 a second, a keyframe each second. */
  async function write(second: number, options: { volume?: number; closed?: boolean } = {}) {
    const { volume = 0, closed = true } = options;
    const start = START + second * SECOND;
    const aead = crypto.importKey(SUITE, key);
    const of = {
      cameraId: CAMERA,
      streamId: 1,
      role: "main",
      suite: 1,
      keyId: 1,
      codec: 1,
      runId: randomUUID(),
    } as const;
    const format = { codecString: "avc1.640028", width: 640, height: 360 };
    const pieces: Uint8Array[] = [encodeSegmentHeader({ ...of, ...format, start: micros(start) })];
    const builder = new IndexBuilder();
    let bytes = 256;
    for (let i = 0; i < 50; i++) {
      const nonce = new Uint8Array(12);
      new DataView(nonce.buffer).setUint32(8, sequence);
      const frame = new Uint8Array(sealedFrameBytes(200));
      const times = { captureTime: micros(start + i * 40_000), pts: micros(i * 40_000), arrivalTime: micros(start) };
      const numbers = { suite: 1, codec: 1, streamId: 1, keyId: 1, epoch: 0, length: 200, sequence: sequence++ };
      const flags = i % 25 === 0 ? FLAG.keyframe : 0;
      writeHeader({ ...numbers, ...times, flags, ptsMinusDts: micros(0), nonce }, frame, 0);
      aead.sealInto(nonce, frame.subarray(0, HEADER_BYTES), new Uint8Array(randomBytes(200)), frame, HEADER_BYTES);
      const whole = readFrame(frame);
      if (whole) builder.add(whole.header, bytes);
      pieces.push(frame);
      bytes += frame.byteLength;
    }
    aead.dispose();
    if (closed) pieces.push(encodeSegmentIndex(builder.finish(bytes)));
    const path = `${CAMERA}/20261120/${start / SECOND}-1`;
    const file = join(volumes[volume]?.location ?? "", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, Buffer.concat(pieces));
    return { path, file };
  }

  it("rebuilds the whole index from files alone, and then finds nothing", async () => {
    await write(0);
    await write(10);
    const torn = await write(20, { closed: false });
    await truncate(torn.file, 9000);
    expect(kinds(await run())).toEqual(["not-closed", "unknown-file", "unknown-file", "unknown-file"]);
    expect(await database.orm.$count(segments)).toBe(0);
    const repaired = await run({ repair: true });
    expect(repaired).toMatchObject({ files: 3, opened: 3 });
    expect(repaired.findings.every((finding) => finding.repaired)).toBe(true);
    const clean = await run({ full: true });
    expect(clean.findings).toEqual([]);
    expect(clean.opened).toBe(clean.frames);
    expect(await database.orm.$count(segments)).toBe(3);
    expect(await database.orm.$count(recordingRuns)).toBe(3);
  });

  it("names what is missing, empty, strange or said wrongly, and repairs what can be", async () => {
    const gone = await write(0);
    const wrong = await write(10);
    const open = await write(20);
    await run({ repair: true });
    await unlink(gone.file);
    await database.orm.update(segments).set({ frames: 7 });
    await database.orm.execute(`update segments set state = 'open' where path = '${open.path}'`);
    const empty = join(dirname(wrong.file), "1795168999-1");
    await writeFile(empty, "");
    await writeFile(join(dirname(wrong.file), "1795168998-1"), "a shopping list".repeat(50));
    const found = await run();
    expect(kinds(found)).toEqual(
      ["differs", "differs", "missing-file", "no-frames", "runs", "strange-file"].filter((one) => one !== "runs"),
    );
    const repaired = await run({ repair: true });
    expect(repaired.findings.filter((finding) => !finding.repaired).map(({ kind: what }) => what)).toEqual([
      "strange-file",
    ]);
    await expect(stat(empty)).rejects.toThrow("ENOENT");
    expect(kinds(await run())).toEqual(["strange-file"]);
  });

  it("abuse case 20: sees a changed byte: in the first picture quickly, anywhere in full", async () => {
    const { file } = await write(0);
    await run({ repair: true });
    const bytes = await readFile(file);
    const flip = async (offset: number): Promise<void> => {
      const changed = Buffer.from(bytes);
      changed[offset] = (changed[offset] ?? 0) ^ 1;
      await writeFile(file, changed);
    };
    await flip(256 + HEADER_BYTES + 10);
    expect(kinds(await run())).toEqual(["changed-frame"]);
    await flip(256 + 30 * sealedFrameBytes(200) + HEADER_BYTES + 10);
    expect(kinds(await run())).toEqual([]);
    const full = await run({ full: true, repair: true });
    expect(full.findings).toMatchObject([{ kind: "changed-frame", repaired: false }]);
    expect(full.findings[0]?.message).toContain(`byte ${256 + 30 * sealedFrameBytes(200)}`);
    // The header is authenticated too: a moved capture time does not go unnoticed.
    await flip(256 + 37);
    expect(kinds(await run({ full: true }))).toContain("changed-frame");
  });

  it("says that a key was destroyed", async () => {
    await write(0);
    await run({ repair: true });
    revoked = true;
    expect(kinds(await run())).toEqual(["no-key"]);
  });

  it("finds copies that a move left behind, and stretches that overlap", async () => {
    const first = await write(0);
    await run({ repair: true });
    const copy = join(volumes[1]?.location ?? "", first.path);
    await mkdir(dirname(copy), { recursive: true });
    await writeFile(copy, await readFile(first.file));
    expect(kinds(await run())).toEqual(["duplicate"]);
    await run({ repair: true });
    await expect(stat(copy)).rejects.toThrow("ENOENT");
    await write(1);
    expect(kinds(await run({ repair: true }))).toEqual(["overlap", "unknown-file"]);
    expect(kinds(await run())).toEqual(["overlap"]);
  });

  it("finishes deletions and moves that were cut off", async () => {
    const first = await write(0);
    await write(10);
    await run({ repair: true });
    await database.orm.execute(`update segments set state = 'deleting' where path = '${first.path}'`);
    expect(kinds(await run())).toEqual(["unfinished"]);
    await run({ repair: true });
    await expect(stat(first.file)).rejects.toThrow("ENOENT");
    expect(kinds(await run())).toEqual([]);
    expect(await database.orm.$count(recordingRuns)).toBe(1);
  });
});
