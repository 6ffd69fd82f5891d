import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import { createLog } from "../core/log.ts";
import { recordingRuns, segments, storageVolumes } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { openFileSource } from "../record/segment-reader.ts";
import { readableTo, salvageSegment } from "../record/segment-salvage.ts";
import { START } from "../record/testkit/recording.ts";
import { embedded, type TempDatabase } from "../testkit/temp-db.ts";
import { ArchiveCheck, type CheckReport } from "./check.ts";
import { writeIndex } from "./index-writer.ts";
import { closeLeftFiles, type RecoveryReport, recover } from "./recovery.ts";
import { writeSegmentFile } from "./testkit/segment-file.ts";
import { storeOf, volumeRow } from "./testkit/volume-row.ts";
import type { VolumeRow } from "./volume-service.ts";

const log = createLog("silent");
const SECONDS = 20;
const FRAMES = SECONDS * 25;
const FRAME = sealedFrameBytes(300);
/** Of a file without its index. */
const DATA = 256 + FRAMES * FRAME;
/** Of the header of frame `n`. */
const frameAt = (n: number): number => 256 + n * FRAME;
const NOTHING = { indexed: 0, repaired: 0, removed: 0, damaged: 0, forgotten: 0, strange: 0 };

describe("R1: damage, and the tail of a crash", () => {
  let database: TempDatabase;
  let root: string;
  let volume: VolumeRow;
  beforeAll(async () => {
    database = await embedded.open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    for (const table of [segments, recordingRuns, storageVolumes]) await database.orm.delete(table);
    root = await mkdtemp(join(tmpdir(), "fluxvision-damage-"));
    volume = volumeRow({ location: root });
    await database.orm.insert(storageVolumes).values(volume);
    await places().store(volume.id).claim();
    return () => rm(root, { recursive: true });
  });
  const places = () => ({ rows: [volume], store: (id: string) => storeOf([volume], id) });

  /** `promised`: bytes that an open row tells of; undefined: no row. */
  async function record(options: { closed: boolean; promised?: number | undefined }): Promise<SegmentFact> {
    const { closed, promised } = options;
    const fact = await writeSegmentFile(root, volume.id, {
      startMicros: START,
      seconds: SECONDS,
      closed,
      generation: 7,
    });
    if (closed) await writeIndex(database.orm, [{ segment: fact, state: "closed" }], []);
    else if (promised !== undefined) {
      await writeIndex(
        database.orm,
        [{ segment: { ...fact, bytes: promised, frames: 1, endMicros: START }, state: "open" }],
        [],
      );
    }
    return fact;
  }
  const fileOf = ({ path }: SegmentFact): string => join(root, path);
  async function change(fact: SegmentFact, how: (bytes: Buffer) => Buffer | undefined): Promise<Buffer> {
    const bytes = await readFile(fileOf(fact));
    const changed = how(bytes) ?? bytes;
    await writeFile(fileOf(fact), changed);
    return changed;
  }
  const flip = (bytes: Buffer, at: number): void => {
    bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  };
  const runRecovery = (): Promise<RecoveryReport> => recover(database.orm, places(), log);
  async function check(options: { repair?: boolean; full?: boolean } = {}): Promise<CheckReport["findings"]> {
    const opener = new FrameOpener(await loadFluxCrypto(), async () => {
      throw new FluxError("keys.unknown_key", "no keys here");
    });
    const { repair = false, full = false } = options;
    const { findings } = await new ArchiveCheck(database.orm, places(), { repair, full, opener }).run();
    return findings.filter(({ kind }) => kind !== "no-key");
  }
  const kinds = (findings: CheckReport["findings"]) =>
    findings.map(({ kind, repaired }) => `${kind} ${repaired}`).sort();
  const row = async () => (await database.orm.select().from(segments))[0];
  async function salvaged(fact: SegmentFact) {
    const segment = await salvageSegment(await openFileSource(fileOf(fact)));
    await segment.close();
    return { frames: segment.index.frames, stretches: segment.stretches };
  }

  describe.each([
    ["the first frame's header", [0], [[frameAt(1), DATA]]],
    [
      "a header at a tenth",
      [50],
      [
        [256, frameAt(50)],
        [frameAt(51), DATA],
      ],
    ],
    [
      "two headers",
      [50, 300],
      [
        [256, frameAt(50)],
        [frameAt(51), frameAt(300)],
        [frameAt(301), DATA],
      ],
    ],
  ] as const)("%s cannot be read", (_name, damaged, stretches) => {
    const lost = damaged.length;
    const wanted = stretches.map(([from, to]) => ({ from, to }));

    it("check keeps every byte, says so, and knows the frames behind it", async () => {
      const fact = await record({ closed: true });
      const before = await change(fact, (bytes) => {
        for (const n of damaged) flip(bytes, frameAt(n));
        flip(bytes, bytes.length - 60);
        return undefined;
      });
      expect(kinds(await check())).toEqual(["damaged false", "differs false"]);
      expect(kinds(await check({ repair: true }))).toEqual(["damaged false", "differs true"]);
      expect(await readFile(fileOf(fact))).toEqual(before);
      expect(await row()).toMatchObject({ state: "closed", bytes: before.length, frames: FRAMES - lost });
      expect(await salvaged(fact)).toEqual({ frames: FRAMES - lost, stretches: wanted });
      expect(kinds(await check({ repair: true, full: true }))).toEqual(["damaged false"]);
    });

    it.each([undefined, frameAt(1), DATA])("a start keeps every byte, where a row promises %s", async (promised) => {
      const fact = await record({ closed: false, promised });
      const before = await change(fact, (bytes) => {
        for (const n of damaged) flip(bytes, frameAt(n));
        return undefined;
      });
      expect(await runRecovery()).toEqual({ ...NOTHING, indexed: 1, damaged: 1 });
      expect(await readFile(fileOf(fact))).toEqual(before);
      expect(await row()).toMatchObject({
        state: "closed",
        bytes: DATA,
        frames: FRAMES - lost,
        endMicros: fact.endMicros,
      });
      expect(await runRecovery()).toEqual(NOTHING);
    });
  });

  it.each([
    // That one counts, and its tag tells that it was changed; the others do not.
    ["shorter", 22, 0, FRAMES],
    ["longer", 22, 15, FRAMES - 1],
    ["longer than the file", 21, 127, FRAMES - 1],
  ])("a length that became %s hides no frame behind it", async (_name, at, value, frames) => {
    const fact = await record({ closed: false });
    await change(fact, (bytes) => {
      bytes[frameAt(50) + at] = value;
      return undefined;
    });
    expect((await salvaged(fact)).frames).toBe(frames);
    expect(await runRecovery()).toMatchObject({ damaged: 1, repaired: 0 });
    expect((await stat(fileOf(fact))).size).toBe(DATA);
  });

  it("a closed file's header that cannot be read is found in full, its index being well", async () => {
    const fact = await record({ closed: true });
    const opener = new FrameOpener(await loadFluxCrypto(), async () => {
      throw new FluxError("keys.unknown_key", "no keys here");
    });
    await change(fact, (bytes) => {
      flip(bytes, frameAt(0));
      return undefined;
    });
    const { findings } = await new ArchiveCheck(database.orm, places(), { repair: true, full: true, opener }).run();
    expect(findings).toMatchObject([{ kind: "damaged", repaired: false }]);
    expect((await stat(fileOf(fact))).size).toBe(fact.bytes);
  });

  it.each([
    ["zeros", () => 0],
    ["garbage", (i: number) => (i * 31) & 0xff],
  ])("a power cut's tail of %s behind what was promised is cut off", async (_name, fill) => {
    const fact = await record({ closed: false, promised: frameAt(100) });
    await change(fact, (bytes) => {
      for (let i = frameAt(200) + 30; i < bytes.length; i++) bytes[i] = fill(i);
      return undefined;
    });
    expect(await runRecovery()).toEqual({ ...NOTHING, indexed: 1, repaired: 1 });
    expect(await row()).toMatchObject({ state: "closed", frames: 200 + Number(fill(1) === 0) });
    expect(await check()).toEqual([]);
  });

  it("what was promised and cannot be read is not cut off, though nothing follows it", async () => {
    const fact = await record({ closed: false, promised: frameAt(300) });
    const before = await change(fact, (bytes) => bytes.fill(0, frameAt(200)));
    expect(await runRecovery()).toEqual({ ...NOTHING, indexed: 1, damaged: 1 });
    expect(await readFile(fileOf(fact))).toEqual(before);
    expect(await row()).toMatchObject({ state: "closed", frames: 200, bytes: DATA });
  });

  it("a file in which nothing can be read goes only where nobody was promised anything", async () => {
    const zeros = (bytes: Buffer): Buffer => bytes.fill(0, 256);
    const promised = await record({ closed: false, promised: frameAt(1) });
    await change(promised, zeros);
    expect(await runRecovery()).toEqual({ ...NOTHING, damaged: 1 });
    expect((await stat(fileOf(promised))).size).toBe(DATA);
    expect(await row()).toMatchObject({ state: "closed", bytes: frameAt(1) });
    expect(kinds(await check({ repair: true }))).toEqual(["damaged false"]);

    await database.orm.delete(segments);
    await change(promised, (bytes) => bytes.fill(9, 256));
    expect(await runRecovery()).toEqual({ ...NOTHING, damaged: 1 });
    await change(promised, zeros);
    expect(await runRecovery()).toEqual({ ...NOTHING, removed: 1 });
  });

  it("a row of which less than a header is left is not left open", async () => {
    const fact = await record({ closed: false, promised: DATA });
    await truncate(fileOf(fact), 100);
    expect(await runRecovery()).toEqual({ ...NOTHING, strange: 1 });
    expect(await row()).toMatchObject({ state: "closed", bytes: DATA });
    expect(kinds(await check({ repair: true }))).toEqual(["strange-file false"]);
  });

  it("is played up to the damage, and on from the next keyframe behind it", async () => {
    const fact = await record({ closed: false });
    await change(fact, (bytes) => {
      flip(bytes, frameAt(60));
      return undefined;
    });
    const segment = await salvageSegment(await openFileSource(fileOf(fact)));
    const offsets = segment.index.keyframes.map(({ offset }) => offset);
    expect(offsets).toEqual(Array.from({ length: SECONDS }, (_, second) => frameAt(second * 25)));
    const ends = offsets.map((offset, at) => readableTo(segment, offset, offsets[at + 1] ?? segment.index.dataEnd));
    expect(ends).toEqual(offsets.map((_, at) => frameAt(at === 2 ? 60 : (at + 1) * 25)));
    await segment.close();
  });

  it("a dead thread's damaged file is in the index as far as it can be read", async () => {
    const fact = await record({ closed: false, promised: frameAt(1) });
    await change(fact, (bytes) => {
      flip(bytes, frameAt(50));
      return undefined;
    });
    const lost = { cameraIds: [fact.cameraId], generation: 7 };
    const { facts, complete } = await closeLeftFiles(database.orm, places(), lost, log);
    expect(complete).toBe(true);
    expect(facts).toMatchObject([{ path: fact.path, bytes: DATA, frames: FRAMES - 1 }]);
    expect((await stat(fileOf(fact))).size).toBe(DATA);
    const other = { cameraIds: [fact.cameraId, randomUUID()], generation: 8 };
    expect((await closeLeftFiles(database.orm, places(), other, log)).facts).toEqual([]);
  });
});
