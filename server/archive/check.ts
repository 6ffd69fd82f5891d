import { join } from "node:path";
import { and, asc, eq, inArray, ne, sql } from "drizzle-orm";
import type { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { describeError, errorCode, FluxError } from "../../shared/lib/errors.ts";
import { HEADER_BYTES, readFrame, readHeader, sealedFrameBytes } from "../../shared/wire/sealed-frame.ts";
import type { Orm } from "../db/database.ts";
import { recordingRuns, segmentMoves, segments } from "../db/schema/index.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import { ObjectReader } from "../record/object-source.ts";
import { type ByteSource, frameHeaders } from "../record/segment-reader.ts";
import { type SalvagedSegment, salvageSegment } from "../record/segment-salvage.ts";
import { writeIndex } from "./index-writer.ts";
import { judgeFile, type LeftFile } from "./left-file.ts";
import { settleMove } from "./moves.ts";
import { closeFile, factOf } from "./recovery.ts";
import type { SegmentStore, StoredFile } from "./stores/segment-store.ts";
import type { VolumeRow } from "./volume-service.ts";

const FINDINGS = [
  "unknown-file",
  "missing-file",
  "not-closed",
  "differs",
  "no-frames",
  "strange-file",
  "damaged",
  "unfinished",
  "duplicate",
  "overlap",
  "changed-frame",
  "no-key",
  "runs",
  "unreachable",
  "leftover",
] as const;
export type FindingKind = (typeof FINDINGS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly path: string;
  readonly message: string;
  readonly repaired: boolean;
}

export interface CheckReport {
  readonly files: number;
  readonly bytes: number;
  readonly frames: number;
  /** Frames whose tag was verified. */
  readonly opened: number;
  readonly findings: readonly Finding[];
}

export interface CheckOptions {
  readonly repair: boolean;
  /** Every frame's tag, not only that of each file's first picture. */
  readonly full: boolean;
  readonly opener: FrameOpener;
  readonly onProgress?: (files: number) => void;
}

/** Throws `storage.*`, `keys.*` for a volume whose settings do not do. */
export interface CheckVolumes {
  readonly rows: readonly VolumeRow[];
  store(volumeId: string): SegmentStore;
}

type Row = typeof segments.$inferSelect;

interface Place {
  readonly volume: VolumeRow;
  readonly store: SegmentStore;
}

const OVERLAP_MICROS = 500_000;
/** After a volume failed the next one begins with the GOP before (README of server/record): two files hold it. */
const SHARED_GOP_MICROS = 15_000_000;
const OBJECT_PIECE_BYTES = 1024 * 1024;

/** Files against index, both ways (README of server/record, R1 to R8). The server must not run meanwhile. */
export class ArchiveCheck {
  readonly #orm: Orm;
  readonly #volumes: CheckVolumes;
  readonly #options: CheckOptions;
  readonly #findings: Finding[] = [];
  /** Volumes that answer: of the others nothing is concluded from what is not found there. */
  readonly #places = new Map<string, Place>();
  /** Files of moves that were cut off: told already. */
  readonly #moving = new Set<string>();
  #files = 0;
  #bytes = 0;
  #frames = 0;
  #opened = 0;

  constructor(orm: Orm, volumes: CheckVolumes, options: CheckOptions) {
    this.#orm = orm;
    this.#volumes = volumes;
    this.#options = options;
  }

  async run(): Promise<CheckReport> {
    for (const volume of this.#volumes.rows) await this.#reach(volume);
    await this.#moves();
    await this.#deletions();
    for (const place of this.#places.values()) await this.#volume(place);
    await this.#overlaps();
    await this.#runs();
    return {
      files: this.#files,
      bytes: this.#bytes,
      frames: this.#frames,
      opened: this.#opened,
      findings: this.#findings,
    };
  }

  #find(kind: FindingKind, path: string, message: string, repaired = this.#options.repair): void {
    this.#findings.push({ kind, path, message, repaired });
  }

  async #reach(volume: VolumeRow): Promise<void> {
    try {
      const store = this.#volumes.store(volume.id);
      await store.probe();
      this.#places.set(volume.id, { volume, store });
    } catch (error) {
      const held = await this.#orm.$count(segments, eq(segments.volumeId, volume.id));
      const enabled = volume.enabled || held > 0;
      const message = `not checked, with ${held} recordings: ${describeError(error)}`;
      if (enabled) this.#find("unreachable", volume.name, message, false);
    }
  }

  async #moves(): Promise<void> {
    for (const move of await this.#orm.select().from(segmentMoves)) {
      const { phase, fromVolumeId, fromPath, toVolumeId, toPath } = move;
      const [volumeId, path] = phase === "copying" ? [toVolumeId, toPath] : [fromVolumeId, fromPath];
      this.#moving.add(`${volumeId}/${path}`);
      const repair = this.#options.repair && this.#places.has(volumeId);
      this.#find("unfinished", path, phase === "copying" ? "was on the move" : "was moved, and is still here", repair);
      if (repair) await settleMove(this.#orm, move, (id) => this.#volumes.store(id));
    }
  }

  /** Deletions that were cut off, and segments that say that they move and do not. */
  async #deletions(): Promise<void> {
    const rows = await this.#orm
      .select()
      .from(segments)
      .where(inArray(segments.state, ["deleting", "moving"]));
    const moves = await this.#orm.select({ segmentId: segmentMoves.segmentId }).from(segmentMoves);
    const told = new Set(moves.map(({ segmentId }) => segmentId));
    for (const row of rows) {
      if (row.state === "moving" && told.has(row.id)) continue;
      const place = this.#places.get(row.volumeId);
      const repair = this.#options.repair && place !== undefined;
      this.#find("unfinished", row.path, `was ${row.state === "deleting" ? "being deleted" : "on the move"}`, repair);
      if (!repair) continue;
      if (row.state === "moving") {
        await this.#orm.update(segments).set({ state: "closed" }).where(eq(segments.id, row.id));
        continue;
      }
      await place.store.remove(row.path);
      await this.#orm.delete(segments).where(eq(segments.id, row.id));
    }
  }

  async #volume(place: Place): Promise<void> {
    const { volume, store } = place;
    const seen = new Set<string>();
    for await (const page of store.list()) {
      const rows = await this.#rowsOf(volume, page);
      for (const file of page) {
        seen.add(file.path);
        if (this.#moving.has(`${volume.id}/${file.path}`)) continue;
        await this.#file(place, file, rows.get(file.path));
        this.#files++;
        this.#options.onProgress?.(this.#files);
      }
    }
    await this.#missing(volume, seen);
    for (const path of await store.leftovers()) {
      if (this.#moving.has(`${volume.id}/${path}`)) continue;
      this.#find("leftover", path, "a copy that was never finished");
      if (this.#options.repair) await store.discard(path);
    }
  }

  async #rowsOf(volume: VolumeRow, files: readonly StoredFile[]): Promise<Map<string, Row>> {
    const rows: Row[] = [];
    for (let at = 0; at < files.length; at += 500) {
      const paths = files.slice(at, at + 500).map(({ path }) => path);
      const which = and(eq(segments.volumeId, volume.id), inArray(segments.path, paths));
      rows.push(...(await this.#orm.select().from(segments).where(which)));
    }
    return new Map(rows.map((row) => [row.path, row]));
  }

  async #file(place: Place, { path, bytes }: StoredFile, row: Row | undefined): Promise<void> {
    const { volume, store } = place;
    let source: ByteSource | undefined;
    let segment: SalvagedSegment;
    let left: LeftFile;
    try {
      source = await openSource(place, path, bytes);
      segment = await salvageSegment(source);
      left = await judgeFile(source, segment, row);
      this.#bytes += bytes;
      this.#frames += segment.index.frames;
      await this.#tags(path, segment);
    } catch (error) {
      if (errorCode(error) === "segment.short" && !row) await this.#empty(store, path);
      else this.#find("strange-file", path, describeError(error), false);
      return;
    } finally {
      await source?.close();
    }
    if (left.kind === "empty") return this.#empty(store, path);
    if (left.kind === "damaged") this.#find("damaged", path, left.why, false);
    const mayClose = volume.kind === "local";
    if (left.kind === "torn") {
      const repair = this.#options.repair && mayClose;
      this.#find("not-closed", path, `ends without an index; ${segment.index.frames} whole frames`, repair);
      if (repair) await closeFile(join(volume.location, path), segment.index);
    }
    // What nothing can be read of keeps the row that it has.
    if (segment.index.frames === 0) return;
    const fact = factOf(volume.id, path, segment, left.kind === "torn" && !mayClose ? bytes : left.bytes);
    if (!row) {
      if (await this.#duplicate(store, fact)) return;
      this.#find("unknown-file", path, "not in the index");
    } else if (row.state === "open" || differs(row, fact)) {
      this.#find("differs", path, row.state === "open" ? "open in the index" : "the index says something else");
    } else return;
    if (this.#options.repair) await writeIndex(this.#orm, [{ segment: fact, state: "closed" }], []);
  }

  /** Of a file that no row tells of. */
  async #empty(store: SegmentStore, path: string): Promise<void> {
    this.#find("no-frames", path, "holds no whole frame");
    if (this.#options.repair) await store.remove(path);
  }

  /** A copy that a move left behind: the same stretch of the same stream is elsewhere in the index. */
  async #duplicate(
    store: SegmentStore,
    { volumeId, streamId, startMicros, bytes, path }: SegmentFact,
  ): Promise<boolean> {
    const [other] = await this.#orm
      .select()
      .from(segments)
      .where(
        and(
          eq(segments.streamId, streamId),
          eq(segments.startMicros, startMicros),
          eq(segments.bytes, bytes),
          ne(segments.volumeId, volumeId),
        ),
      );
    if (!other) return false;
    const place = this.#places.get(other.volumeId);
    // Of two copies one goes only when the other is there.
    if (place && (await place.store.size(other.path)) !== bytes) return false;
    const repair = this.#options.repair && place !== undefined;
    this.#find("duplicate", path, "is on another volume too", repair);
    if (repair) await store.remove(path);
    return true;
  }

  /** Of the first picture, or of every frame. */
  async #tags(
    path: string,
    { header: { cameraId }, index, stretches, closed, readAt }: SalvagedSegment,
  ): Promise<void> {
    if (!this.#options.full) {
      const at = index.keyframes[0]?.offset;
      if (at !== undefined) await this.#tag(path, cameraId, readAt, at, index.dataEnd);
      return;
    }
    for (const { from, to } of stretches) {
      let end = from;
      for await (const { header, at } of frameHeaders(
        { bytes: to, readAt, close: () => Promise.resolve() },
        to,
        from,
      )) {
        // One finding says it: the rest of the file has the same cause, or is found when that one is looked at.
        if (!(await this.#tag(path, cameraId, readAt, at, to))) return;
        end = at + sealedFrameBytes(header.length);
      }
      // Its index says that frames follow.
      if (closed && end < to) this.#find("damaged", path, `no frame begins at byte ${end}, though some follow`, false);
    }
  }

  async #tag(path: string, cameraId: string, readAt: ByteSource["readAt"], at: number, end: number): Promise<boolean> {
    try {
      const { length } = readHeader(await readAt(at, HEADER_BYTES));
      const frame =
        at + sealedFrameBytes(length) > end ? undefined : readFrame(await readAt(at, sealedFrameBytes(length)));
      if (!frame) throw new FluxError("wire.length", "it would be longer than the file");
      await this.#options.opener.open(cameraId, frame);
      this.#opened++;
      return true;
    } catch (error) {
      const code = errorCode(error) ?? "";
      if (!(error instanceof FluxError) || code.startsWith("storage.")) throw error;
      if (code.startsWith("keys.")) this.#find("no-key", path, describeError(error), false);
      else this.#find("changed-frame", path, `the frame at byte ${at} was changed: ${describeError(error)}`, false);
      return false;
    }
  }

  async #missing(volume: VolumeRow, seen: ReadonlySet<string>): Promise<void> {
    const rows = await this.#orm
      .select({ id: segments.id, path: segments.path, state: segments.state })
      .from(segments)
      .where(eq(segments.volumeId, volume.id));
    const gone = rows.filter(({ path, state }) => !seen.has(path) && state !== "deleting");
    for (const { path } of gone) this.#find("missing-file", path, "in the index, but there is no such file");
    if (!this.#options.repair) return;
    for (let at = 0; at < gone.length; at += 500) {
      const ids = gone.slice(at, at + 500).map(({ id }) => id);
      await this.#orm.delete(segments).where(inArray(segments.id, ids));
    }
  }

  async #overlaps(): Promise<void> {
    const rows = await this.#orm.execute<{ path: string; before: string }>(sql`
      select path, before from (
        select path, start_micros, lag(path) over w as before, volume_id <> lag(volume_id) over w as elsewhere, max(end_micros) over (partition by stream_id
          order by start_micros, id rows between unbounded preceding and 1 preceding) as until
        from segments window w as (partition by stream_id order by start_micros, id)
      ) s where until - start_micros > case when elsewhere then ${SHARED_GOP_MICROS}::bigint else ${OVERLAP_MICROS}::bigint end
      order by path limit 1000`);
    for (const { path, before } of rows) this.#find("overlap", path, `covers the same time as ${before}`, false);
  }

  /** Runs are made of segments: those that are not what their segments say are made anew. */
  async #runs(): Promise<void> {
    const truth = this.#orm
      .select({
        id: segments.runId,
        streamId: segments.streamId,
        cameraId: sql<string>`min(${segments.cameraId}::text)::uuid`.as("camera"),
        role: sql<"main" | "sub">`min(${segments.role})`.as("role"),
        startMicros: sql<string>`min(${segments.startMicros})`.as("first"),
        endMicros: sql<string>`max(${segments.endMicros})`.as("last"),
      })
      .from(segments)
      .groupBy(segments.runId, segments.streamId);
    const should = new Map((await truth).map((run) => [`${run.id} ${run.streamId}`, run]));
    const are = await this.#orm.select().from(recordingRuns).orderBy(asc(recordingRuns.startMicros));
    const same = are.filter((run) => {
      const wanted = should.get(`${run.id} ${run.streamId}`);
      return wanted && Number(wanted.startMicros) === run.startMicros && Number(wanted.endMicros) === run.endMicros;
    });
    const wrong = should.size - same.length + (are.length - same.length);
    if (wrong === 0) return;
    this.#find("runs", "", `${wrong} stretches of the timeline are not what their files say`);
    if (!this.#options.repair) return;
    await this.#orm.transaction(async (transaction) => {
      await transaction.delete(recordingRuns);
      const rows = [...should.values()].map((run) => {
        return { ...run, startMicros: Number(run.startMicros), endMicros: Number(run.endMicros) };
      });
      for (let at = 0; at < rows.length; at += 1000) {
        await transaction.insert(recordingRuns).values(rows.slice(at, at + 1000));
      }
    });
  }
}

/** In pieces that are large enough for a bucket, where each is a request. */
function openSource({ volume, store }: Place, path: string, bytes: number): Promise<ByteSource> | ByteSource {
  if (volume.kind === "local") return store.open(path);
  const options = { maxBytes: 4 * OBJECT_PIECE_BYTES, blockBytes: OBJECT_PIECE_BYTES, ahead: 2 };
  return new ObjectReader((_, offset, length) => store.read(path, offset, length), options).source(0, bytes);
}

function differs(row: Row, fact: SegmentFact): boolean {
  return (
    row.bytes !== fact.bytes ||
    row.frames !== fact.frames ||
    row.startMicros !== fact.startMicros ||
    row.endMicros !== fact.endMicros ||
    row.streamId !== fact.streamId
  );
}
