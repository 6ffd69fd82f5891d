import { and, eq, sql } from "drizzle-orm";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { segmentMoves, segments } from "../db/schema/index.ts";
import { salvageSegment } from "../record/segment-salvage.ts";
import type { PutOptions, SegmentStore } from "./stores/segment-store.ts";

export type MoveRow = typeof segmentMoves.$inferSelect;
export type MovingSegment = Pick<
  typeof segments.$inferSelect,
  "id" | "cameraId" | "streamId" | "volumeId" | "path" | "bytes" | "frames" | "startMicros"
>;

/** Points at which a crash leaves something else behind (server/record/README.md). */
export const MOVE_STEPS = ["marked", "copied", "verified", "switched", "removed", "done"] as const;
export type MoveStep = (typeof MOVE_STEPS)[number];

const MOST_NAMES = 100;

/** A name that nothing on the target has: two volumes may hold a file of the same camera and second. */
export async function freePath(orm: Orm, target: SegmentStore, path: string): Promise<string> {
  const base = path.replace(/^((?:[^/]+\/){2}\d+-\d+).*$/, "$1");
  for (let n = 0; n < MOST_NAMES; n++) {
    const name = n === 0 ? path : `${base}-${n}`;
    const taken =
      (await orm.$count(segments, and(eq(segments.volumeId, target.volumeId), eq(segments.path, name)))) +
      (await orm.$count(
        segmentMoves,
        and(eq(segmentMoves.toVolumeId, target.volumeId), eq(segmentMoves.toPath, name)),
      ));
    if (taken === 0 && (await target.size(name)) === undefined) return name;
  }
  throw new FluxError("storage.taken", "too many files of this name are there already");
}

/** R6: told before anything is written. Undefined: somebody else has the segment meanwhile. */
export async function beginMove(
  orm: Orm,
  segment: MovingSegment,
  to: { readonly volumeId: string; readonly path: string },
  startedAt: Date,
): Promise<MoveRow | undefined> {
  return orm.transaction(async (transaction) => {
    const marked = await transaction
      .update(segments)
      .set({ state: "moving" })
      .where(and(eq(segments.id, segment.id), eq(segments.state, "closed"), eq(segments.volumeId, segment.volumeId)))
      .returning({ id: segments.id });
    if (marked.length === 0) return undefined;
    const from = { fromVolumeId: segment.volumeId, fromPath: segment.path };
    const { id: segmentId, cameraId, bytes } = segment;
    const [row] = await transaction
      .insert(segmentMoves)
      .values({
        segmentId,
        cameraId,
        bytes,
        ...from,
        toVolumeId: to.volumeId,
        toPath: to.path,
        phase: "copying",
        startedAt,
      })
      .returning();
    return row;
  });
}

/** Copies and compares: what the store gives back is what was sent, and it is the segment that the index knows. */
export async function copySegment(
  segment: MovingSegment,
  from: SegmentStore,
  to: SegmentStore,
  toPath: string,
  options: PutOptions & { readonly onStep: (step: MoveStep) => Promise<void> },
): Promise<void> {
  const source = await from.open(segment.path).catch((cause: unknown) => {
    throw new SourceError(cause);
  });
  try {
    if (source.bytes !== segment.bytes) throw new SourceError(new Error("its size is not what the index says"));
    const readAt = async (offset: number, length: number): Promise<Uint8Array> => {
      try {
        return await source.readAt(offset, length);
      } catch (cause) {
        throw new SourceError(cause);
      }
    };
    await to.put(toPath, { bytes: source.bytes, readAt, close: () => Promise.resolve() }, options);
  } finally {
    await source.close();
  }
  await options.onStep("copied");
  // Also of a file that lost something: what can be read of it moves on with the rest.
  const copy = await salvageSegment(await to.open(toPath));
  try {
    const { header, index } = copy;
    const same =
      index.frames === segment.frames &&
      header.streamId === segment.streamId &&
      header.start === segment.startMicros &&
      header.cameraId === segment.cameraId;
    // The copy is what the source is: then the source is not what the index says.
    if (!same) throw new SourceError(new Error("the file is not what the index says"));
  } finally {
    await copy.close();
  }
  await options.onStep("verified");
}

/** The file to be moved is at fault, not the place it goes to. */
export class SourceError extends FluxError {
  constructor(cause: unknown) {
    super("storage.source_failed", "the recording could not be read", { cause });
  }
}

/** The index names the new place from here on. False: the segment is not being moved any more. */
export async function switchMove(orm: Orm, move: MoveRow): Promise<boolean> {
  return orm.transaction(async (transaction) => {
    const switched = await transaction
      .update(segments)
      .set({ volumeId: move.toVolumeId, path: move.toPath, state: "closed" })
      .where(and(eq(segments.id, move.segmentId), eq(segments.state, "moving")))
      .returning({ id: segments.id });
    if (switched.length === 0) return false;
    await transaction.update(segmentMoves).set({ phase: "cleaning" }).where(eq(segmentMoves.id, move.id));
    return true;
  });
}

/**
 * Ends a move that is not under way any more: a copy that the index does not name goes, and so does an old file that it
 * does not name any more. Throws when the volume concerned cannot be reached: it is tried again.
 */
export async function settleMove(
  orm: Orm,
  move: MoveRow,
  store: (volumeId: string) => SegmentStore,
): Promise<"undone" | "finished"> {
  const [volumeId, path] =
    move.phase === "copying" ? [move.toVolumeId, move.toPath] : [move.fromVolumeId, move.fromPath];
  const known = await orm.$count(segments, and(eq(segments.volumeId, volumeId), eq(segments.path, path)));
  const place = store(volumeId);
  // An unmounted disk has no such file either: it is asked who it is before that is believed.
  await place.probe();
  await place.discard(path);
  if (known === 0) await place.remove(path);
  await orm.transaction(async (transaction) => {
    if (move.phase === "copying") {
      await transaction
        .update(segments)
        .set({ state: "closed" })
        .where(and(eq(segments.id, move.segmentId), eq(segments.state, "moving")));
    }
    await transaction.delete(segmentMoves).where(eq(segmentMoves.id, move.id));
  });
  return move.phase === "copying" ? "undone" : "finished";
}

/** Segments that no other move is about. */
export const notMoving = sql`not exists (select 1 from ${segmentMoves} where ${segmentMoves.segmentId} = ${segments.id})`;
