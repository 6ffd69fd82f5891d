import { open } from "node:fs/promises";
import { join } from "node:path";
import { and, between, eq, inArray, max } from "drizzle-orm";
import { keyNameOf } from "../../shared/evidence/frame-opener.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { HEADER_BYTES, readHeader } from "../../shared/wire/sealed-frame.ts";
import { encodeSegmentIndex } from "../../shared/wire/segment-codec.ts";
import { SEGMENT_HEADER_BYTES } from "../../shared/wire/segment-file.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { segmentMoves, segments } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { type ByteSource, type OpenedSegment, openFileSource } from "../record/segment-reader.ts";
import { salvageSegment } from "../record/segment-salvage.ts";
import { writeIndex } from "./index-writer.ts";
import { judgeFile, type Promised } from "./left-file.ts";
import { names, removeFile } from "./stores/local-store.ts";
import { CAMERA_FOLDER, DAY_FOLDER, SEGMENT_NAME, type SegmentStore } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";

export interface RecoveryReport {
  /** Files that were not, or not fully, in the index. */
  indexed: number;
  /** Of these, files whose end had to be cut off and closed. */
  repaired: number;
  /** Files with less than a frame. */
  removed: number;
  /** Files that lost something in the middle, or less than a row promises: in the index as far as they can be read. */
  damaged: number;
  /** Rows whose file is gone. */
  forgotten: number;
  /** Files that are no segments, or could not be read: left alone. */
  strange: number;
}

export interface RecoveryVolumes {
  readonly rows: readonly VolumeRow[];
  store(volumeId: string): SegmentStore;
}

const BATCH = 200;
const DAY_MS = 86_400_000;

/**
 * Before anything is recorded: finishes what a crash interrupted (README of server/record, "What a crash leaves"). Looks
 * at days from the newest that the index knows, not at everything: that is `fluxvision check`.
 */
export async function recover(orm: Orm, volumes: RecoveryVolumes, log: Logger): Promise<RecoveryReport> {
  const report: RecoveryReport = { indexed: 0, repaired: 0, removed: 0, damaged: 0, forgotten: 0, strange: 0 };
  for (const volume of volumes.rows) {
    // What is written to. Moves to the other tiers are ended by the mover; the rest is for `check`.
    if (volume.kind !== "local" || volume.tier !== "hot") continue;
    try {
      // Of an unmounted disk an empty folder is left: nothing follows from that.
      await volumes.store(volume.id).probe();
      await recoverVolume(orm, volume, report, log);
    } catch (err) {
      // A disk that is away keeps no other from being recorded to; its rows stay.
      log.error({ err, volume: volume.name }, "the volume could not be looked through");
    }
  }
  return report;
}

async function recoverVolume(orm: Orm, volume: VolumeRow, report: RecoveryReport, log: Logger): Promise<void> {
  const unfinished = await orm
    .select()
    .from(segments)
    .where(and(eq(segments.volumeId, volume.id), inArray(segments.state, ["open", "deleting"])));
  const condemned = unfinished.filter(({ state }) => state === "deleting");
  const stuck = await finishDeleting(orm, volume, condemned, log);
  const open = new Map(unfinished.filter(({ state }) => state === "open").map((row) => [row.path, row]));
  const moves = await orm.select().from(segmentMoves).where(eq(segmentMoves.fromVolumeId, volume.id));
  const moving = new Set(moves.map(({ fromPath }) => fromPath));
  const found = new Set<string>();
  let facts: { segment: SegmentFact; state: "closed" }[] = [];
  for await (const { path, known } of recentFiles(orm, volume, await names(volume.location, CAMERA_FOLDER))) {
    found.add(path);
    // An old file that the mover has yet to remove is no recording that is missing.
    if (known || moving.has(path) || stuck.has(path)) continue;
    const row = open.get(path);
    const segment = await settle(volume, path, row, report, log);
    if (segment) facts.push({ segment, state: "closed" });
    // Nobody writes to it any more, whatever it is.
    else if (row) await orm.update(segments).set({ state: "closed" }).where(eq(segments.id, row.id));
    if (facts.length >= BATCH) {
      await writeIndex(orm, facts, []);
      facts = [];
    }
  }
  await writeIndex(orm, facts, []);
  const lost = [...open.values()].filter(({ path }) => !found.has(path)).map(({ id }) => id);
  if (lost.length > 0) await orm.delete(segments).where(inArray(segments.id, lost));
  report.forgotten += lost.length;
}

/** Closes a file as it would have been closed; what less than a frame is in goes; damage is left as it is. */
async function settle(
  volume: VolumeRow,
  path: string,
  row: Promised | undefined,
  report: RecoveryReport,
  log: Logger,
): Promise<SegmentFact | undefined> {
  const file = join(volume.location, path);
  let source: ByteSource | undefined;
  try {
    source = await openFileSource(file);
    const segment = await salvageSegment(source);
    const left = await judgeFile(source, segment, row);
    if (left.kind === "empty") {
      await removeFile(file);
      report.removed++;
      return undefined;
    }
    if (left.kind === "damaged") {
      log.error({ file: path, why: left.why }, "a recording is damaged; nothing of it is cut off (`fluxvision check`)");
      report.damaged++;
      if (segment.index.frames === 0) return undefined;
    }
    if (left.kind === "torn") {
      await closeFile(file, segment.index);
      report.repaired++;
    }
    report.indexed++;
    return factOf(volume.id, path, segment, left.bytes);
  } catch (err) {
    if (!(err instanceof FluxError)) throw err;
    if (err.code === "segment.short" && row === undefined) {
      await removeFile(file);
      report.removed++;
    } else {
      log.warn({ err, file: path }, "a file among the recordings could not be read; it is left alone");
      report.strange++;
    }
    return undefined;
  } finally {
    await source?.close();
  }
}

/**
 * The files that a recording thread left when it died, by the seal generation of their frames: its successor may be
 * writing beside them already. Not `complete`: a volume does not answer. A file without a whole frame waits for the
 * next start, as nothing tells whose it is.
 */
export async function closeLeftFiles(
  orm: Orm,
  volumes: RecoveryVolumes,
  { cameraIds, generation }: { readonly cameraIds: readonly string[]; readonly generation: number | undefined },
  log: Logger,
): Promise<{ readonly facts: readonly SegmentFact[]; readonly complete: boolean }> {
  const facts: SegmentFact[] = [];
  let complete = true;
  for (const volume of volumes.rows) {
    if (volume.kind !== "local" || volume.tier !== "hot") continue;
    try {
      await volumes.store(volume.id).probe();
      const open = await orm
        .select()
        .from(segments)
        .where(and(eq(segments.volumeId, volume.id), eq(segments.state, "open")));
      const rows = new Map(open.map((row) => [row.path, row]));
      for await (const { path, known } of recentFiles(orm, volume, cameraIds)) {
        const fact = known ? undefined : await closeLeft(volume, path, rows.get(path), generation, log);
        if (fact) facts.push(fact);
      }
    } catch (err) {
      log.warn({ err, volume: volume.name }, "the volume could not be looked through");
      complete = false;
    }
  }
  return { facts, complete };
}

async function closeLeft(
  volume: VolumeRow,
  path: string,
  row: Promised | undefined,
  generation: number | undefined,
  log: Logger,
): Promise<SegmentFact | undefined> {
  const file = join(volume.location, path);
  let source: ByteSource | undefined;
  try {
    source = await openFileSource(file);
    // Whose it is, before more of it is looked at: its successor's files grow meanwhile.
    if (source.bytes < SEGMENT_HEADER_BYTES + HEADER_BYTES) return undefined;
    const first = readHeader(await source.readAt(SEGMENT_HEADER_BYTES, HEADER_BYTES));
    if (keyNameOf("", first).generation !== generation) return undefined;
    const segment = await salvageSegment(source);
    if (segment.index.frames === 0) return undefined;
    const left = await judgeFile(source, segment, row);
    if (left.kind === "empty") return undefined;
    if (left.kind === "damaged")
      log.error({ file: path, why: left.why }, "a recording is damaged; it is left as it is");
    if (left.kind === "torn") await closeFile(file, segment.index);
    return factOf(volume.id, path, segment, left.bytes);
  } catch (err) {
    if (!(err instanceof FluxError)) throw err;
    log.warn({ err, file: path }, "a file among the recordings could not be read");
    return undefined;
  } finally {
    await source?.close();
  }
}

/** From the day before the newest that the index knows of each camera; `known`: it is closed, and its row is right. */
async function* recentFiles(
  orm: Orm,
  volume: VolumeRow,
  cameraIds: readonly string[],
): AsyncGenerator<{ readonly path: string; readonly known: boolean }> {
  const newest = await newestDays(orm, volume);
  for (const cameraId of cameraIds) {
    for (const day of await names(join(volume.location, cameraId), DAY_FOLDER)) {
      if (day < (newest.get(cameraId) ?? "")) continue;
      const known = await closedPaths(orm, volume, cameraId, day);
      for (const name of await names(join(volume.location, cameraId, day), SEGMENT_NAME)) {
        const path = `${cameraId}/${day}/${name}`;
        yield { path, known: known.has(path) };
      }
    }
  }
}

/** What the index keeps of a file. */
export function factOf(
  volumeId: string,
  path: string,
  { header, index }: Pick<OpenedSegment, "header" | "index">,
  bytes: number,
): SegmentFact {
  const { cameraId, streamId, role, runId, keyId, codec, codecString, width, height } = header;
  const { frames, audioFrames, keyframes } = index;
  const range = { startMicros: header.start, endMicros: Math.max(header.start, index.end) };
  const counts = { frames, audioFrames, keyframes: keyframes.length };
  const facts = { cameraId, streamId, role, runId, keyId, codec, codecString, width, height };
  return { volumeId, path, bytes, ...facts, ...range, ...counts };
}

/**
 * Writes index and trailer behind the last whole frame and cuts off what lies behind them. In this order: what is cut off
 * is never more than is replaced or was promised to nobody. Returns the file's size.
 */
export async function closeFile(file: string, index: OpenedSegment["index"]): Promise<number> {
  const handle = await open(file, "r+");
  try {
    const end = encodeSegmentIndex(index);
    await handle.write(end, 0, end.byteLength, index.dataEnd);
    await handle.truncate(index.dataEnd + end.byteLength);
    await handle.sync();
    return index.dataEnd + end.byteLength;
  } finally {
    await handle.close();
  }
}

/** Resolves with what a disk that takes no deletion kept: retention tries again. */
async function finishDeleting(
  orm: Orm,
  volume: VolumeRow,
  rows: readonly { id: number; path: string }[],
  log: Logger,
): Promise<ReadonlySet<string>> {
  const stuck = new Set<string>();
  let failure: unknown;
  for (const { id, path } of rows) {
    try {
      await removeFile(join(volume.location, path));
    } catch (error) {
      failure = error;
      stuck.add(path);
      continue;
    }
    await orm.delete(segments).where(eq(segments.id, id));
  }
  const { name } = volume;
  if (stuck.size > 0) log.error({ err: failure, volume: name, files: stuck.size }, "recordings could not be deleted");
  return stuck;
}

/** By camera, the day before the newest that is closed in the index: a file older than that is known, or for `check`. */
async function newestDays(orm: Orm, volume: VolumeRow): Promise<Map<string, string>> {
  const rows = await orm
    .select({ cameraId: segments.cameraId, newest: max(segments.startMicros) })
    .from(segments)
    .where(and(eq(segments.volumeId, volume.id), eq(segments.state, "closed")))
    .groupBy(segments.cameraId);
  return new Map(rows.map(({ cameraId, newest }) => [cameraId, dayName(Number(newest ?? 0) / 1000 - DAY_MS)]));
}

async function closedPaths(orm: Orm, volume: VolumeRow, cameraId: string, day: string): Promise<Set<string>> {
  const start = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`) * 1000;
  const near = between(segments.startMicros, start - DAY_MS * 1000, start + 2 * DAY_MS * 1000);
  const rows = await orm
    .select({ path: segments.path })
    .from(segments)
    .where(
      and(
        eq(segments.volumeId, volume.id),
        eq(segments.cameraId, cameraId),
        inArray(segments.state, ["closed", "moving"]),
        near,
      ),
    );
  return new Set(rows.map(({ path }) => path));
}

function dayName(unixMs: number): string {
  return new Date(Math.max(0, unixMs)).toISOString().slice(0, 10).replaceAll("-", "");
}
