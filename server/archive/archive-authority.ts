import { join } from "node:path";
import type { LiveAuthority } from "../auth/live-authority.ts";
import type { Orm } from "../db/database.ts";
import type { SegmentFact } from "../ingest/protocol.ts";
import type { ArchiveAnswer, ArchiveAuthority, ArchiveSegment, WrappedKey } from "../relay/protocol.ts";
import type { ReadSegment } from "./archive-reader.ts";
import { type FoundSegment, findSegments, nearestFootage } from "./queries.ts";

const MOST_SEGMENTS = 64;

type Query = Parameters<ArchiveAuthority["archive"]>[1];

/** Decides for the relay thread what a viewer may play back, and where it lies. */
export class ArchiveGuard implements ArchiveAuthority {
  readonly #orm: Orm;
  readonly #live: LiveAuthority;
  readonly #open: () => ReadonlyMap<string, SegmentFact>;
  readonly #readSegment: ReadSegment;

  constructor(orm: Orm, live: LiveAuthority, open: () => ReadonlyMap<string, SegmentFact>, readSegment: ReadSegment) {
    this.#orm = orm;
    this.#live = live;
    this.#open = open;
    this.#readSegment = readSegment;
  }

  async archive(connectionId: string, query: Query): Promise<ArchiveAnswer> {
    const { view, hear } = await this.#live.archiveRights(connectionId, query.cameraId);
    if (!view) {
      return { allowed: false, audible: false, segments: [], earlierMicros: undefined, laterMicros: undefined };
    }
    const [startMicros, endMicros] = [
      Math.min(query.fromMicros, query.toMicros),
      Math.max(query.fromMicros, query.toMicros),
    ];
    const range = { cameraId: query.cameraId, startMicros, endMicros: endMicros + 1, direction: query.direction };
    const found = await findSegments(this.#orm, this.#open(), { ...range, limit: MOST_SEGMENTS * 2 });
    const segments = preferred(found, query).slice(0, MOST_SEGMENTS).map(toPlace);
    const nearest =
      segments.length > 0
        ? { earlierMicros: undefined, laterMicros: undefined }
        : await nearestFootage(this.#orm, query.cameraId, startMicros, endMicros);
    return { allowed: true, audible: hear, segments, ...nearest };
  }

  archiveKeys(
    connectionId: string,
    cameraId: string,
    names: Parameters<ArchiveAuthority["archiveKeys"]>[2],
  ): Promise<readonly (WrappedKey | "revoked" | undefined)[]> {
    return this.#live.archiveKeys(connectionId, cameraId, names);
  }

  archiveBytes(segmentId: number, offset: number, length: number): Promise<Uint8Array> {
    return this.#readSegment(segmentId, offset, length);
  }
}

/** Of both streams, the one that was asked for; the other one where that was not recorded. In the order of the query. */
export function preferred<T extends Pick<FoundSegment, "role" | "startMicros" | "endMicros">>(
  found: readonly T[],
  query: { readonly role: "main" | "sub"; readonly direction: "forward" | "backward" },
): T[] {
  const wanted = found.filter(({ role }) => role === query.role);
  const other = found.filter(({ role }) => role !== query.role);
  const free = other.filter(
    ({ startMicros, endMicros }) => !wanted.some((one) => one.startMicros < endMicros && one.endMicros > startMicros),
  );
  const sign = query.direction === "forward" ? 1 : -1;
  return [...wanted, ...free].sort((a, b) => sign * (a.startMicros - b.startMicros));
}

function toPlace(segment: FoundSegment): ArchiveSegment {
  const {
    id: segmentId,
    cameraId,
    streamId,
    role,
    runId,
    startMicros,
    endMicros,
    bytes,
    codecString,
    width,
    height,
  } = segment;
  const facts = {
    segmentId,
    cameraId,
    streamId,
    role,
    runId,
    startMicros,
    endMicros,
    bytes,
    codecString,
    width,
    height,
  };
  const place =
    segment.kind === "local"
      ? ({ kind: "file", path: join(segment.location, segment.path) } as const)
      : ({ kind: "object", volumeId: segment.volumeId, key: segment.path } as const);
  return { ...facts, closed: segment.state !== "open", place };
}
