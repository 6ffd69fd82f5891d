import { randomUUID } from "node:crypto";
import type { Clock } from "../../shared/lib/clock.ts";
import { ObjectReader } from "../record/object-source.ts";
import type { ArchiveAuthority, ArchiveSegment, RelayAuthority } from "../relay/protocol.ts";
import type { PlaybackHandlers, PlaybackLine } from "./playback-connection.ts";
import { PlaybackSession } from "./playback-session.ts";
import { SegmentCache } from "./segment-cache.ts";

export interface PlaybackOptions {
  readonly clock: Clock;
  readonly authority: RelayAuthority & ArchiveAuthority;
  readonly onViewerClosed: (connectionId: string) => void;
}

/** Everyone who looks at the archive. */
export class Playback {
  readonly #options: PlaybackOptions;
  readonly #sessions = new Set<PlaybackSession>();
  readonly #segments: SegmentCache;
  #badFiles = 0;

  constructor(options: PlaybackOptions) {
    this.#options = options;
    const objects = new ObjectReader((...part) => options.authority.archiveBytes(...part));
    this.#segments = new SegmentCache((segmentId, bytes) => objects.source(segmentId, bytes));
  }

  get viewers(): number {
    return this.#sessions.size;
  }

  /** Files that could not be read so far. */
  get badFiles(): number {
    return this.#badFiles;
  }

  accept(line: PlaybackLine): PlaybackHandlers {
    const connectionId = randomUUID();
    const { clock, authority, onViewerClosed } = this.#options;
    const session = new PlaybackSession(connectionId, line, {
      authority,
      segments: this.#segments,
      clock,
      onClosed: (closed) => {
        this.#sessions.delete(closed);
        onViewerClosed(connectionId);
      },
      onBadFile: (_segment: ArchiveSegment) => {
        this.#badFiles++;
      },
    });
    this.#sessions.add(session);
    return session;
  }

  endSession(sessionId: string, code: string): void {
    for (const session of [...this.#sessions]) {
      if (session.sessionId === sessionId) session.expire(code, "the session was ended");
    }
  }

  accessChanged(userId: string): void {
    for (const session of this.#sessions) if (session.userId === userId) session.accessChanged();
  }

  close(): void {
    for (const session of [...this.#sessions]) session.close("relay.shutting_down", "the server is restarting");
    this.#segments.close();
  }
}
