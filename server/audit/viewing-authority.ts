import { eq } from "drizzle-orm";
import type { Orm } from "../db/database.ts";
import { sessions, users } from "../db/schema/index.ts";
import type { ArchiveAuthority, RelayAuthority } from "../relay/protocol.ts";
import type { ViewingLog, Who } from "./viewing.ts";

/** Passes every question of the relay on, and tells the log what came of it. */
export function watchedRelay(inner: RelayAuthority, log: ViewingLog): RelayAuthority {
  return {
    async authenticate(connectionId, ...rest) {
      const answer = await inner.authenticate(connectionId, ...rest);
      log.opened(connectionId, answer.userId, answer.sessionId);
      return answer;
    },
    renew: (...args) => inner.renew(...args),
    async authorise(connectionId, cameraIds) {
      const answer = await inner.authorise(connectionId, cameraIds);
      const allowed = new Set(answer.allowed);
      const refused = cameraIds.filter((cameraId) => !allowed.has(cameraId));
      log.watched(connectionId, answer.allowed, refused);
      return answer;
    },
    key: (...args) => inner.key(...args),
  };
}

/** As `watchedRelay`, for playback. What could be opened counts, whether or not it was looked at. */
export function watchedArchive(inner: ArchiveAuthority, log: ViewingLog): ArchiveAuthority {
  return {
    async archive(connectionId, query) {
      const answer = await inner.archive(connectionId, query);
      if (!answer.allowed) log.refusedArchive(connectionId, query.cameraId);
      return answer;
    },
    async archiveKeys(connectionId, cameraId, names) {
      const keys = await inner.archiveKeys(connectionId, cameraId, names);
      const given = keys.flatMap((key) => (typeof key === "object" ? [key.epoch] : []));
      log.playedBack(connectionId, cameraId, given);
      return keys;
    },
    archiveBytes: (...args) => inner.archiveBytes(...args),
  };
}

const UUID = /^[0-9a-f-]{36}$/i;

/** Name and address behind a session; the ids alone where they are not known now. */
export async function whoIs(orm: Orm, userId: string, sessionId: string): Promise<Who> {
  const ids = { actorId: userId, sessionId };
  try {
    const [user] = await orm.select({ name: users.username }).from(users).where(eq(users.id, userId));
    const [session] = UUID.test(sessionId)
      ? await orm.select({ ip: sessions.ip }).from(sessions).where(eq(sessions.id, sessionId))
      : [];
    return { ...ids, actorName: user?.name, ip: session?.ip };
  } catch {
    return ids;
  }
}
