import { count, countDistinct, max, min } from "drizzle-orm";
import type { KeyInventory, VideoKeyPage } from "../../shared/api/keys.ts";
import type { Orm } from "../db/database.ts";
import { videoDeks } from "../db/schema/index.ts";
import type { KeyExportFile, KeyRecipient } from "../keys/key-export.ts";
import { signingKeyFacts } from "../keys/key-facts.ts";
import { listVideoKeys, type VideoKeyQuery } from "../keys/key-list.ts";
import type { Revocation } from "../keys/key-revocation.ts";
import type { Keys } from "../keys/open-keys.ts";

const MAX_REVOKED = 200;
const DAY_MS = 86_400_000;

/** What administrators see of keys and do with them. */
export class KeyAdmin {
  readonly #orm: Orm;
  readonly #keys: Keys;
  readonly #onRevoked: (cameraId: string) => void;

  /** `onRevoked`: footage of that camera became unreadable; whoever plays it back asks again. */
  constructor(orm: Orm, keys: Keys, onRevoked: (cameraId: string) => void = () => undefined) {
    this.#orm = orm;
    this.#keys = keys;
    this.#onRevoked = onRevoked;
  }

  async inventory(): Promise<KeyInventory> {
    const { masterKeys, rotation, revocation } = this.#keys;
    const [facts, wraps, totals, revoked, fields, days, signingKeys] = await Promise.all([
      masterKeys.list(),
      this.#orm.select({ mekId: videoDeks.mekId, keys: count() }).from(videoDeks).groupBy(videoDeks.mekId),
      this.#orm
        .select({
          total: count(),
          cameras: countDistinct(videoDeks.cameraId),
          firstDay: min(videoDeks.utcDay),
          lastDay: max(videoDeks.utcDay),
        })
        .from(videoDeks),
      revocation.list(MAX_REVOKED),
      this.#keys.fields.countByKey(),
      rotation.days(),
      signingKeyFacts(this.#orm, this.#keys.sealer),
    ]);
    const current = facts.find(({ id }) => id === masterKeys.currentId)?.createdAt.getTime() ?? 0;
    const { running, done, total, failed } = rotation.progress;
    return {
      rootKey: this.#keys.root,
      signingKeys,
      masterKeys: facts.map(({ id, createdAt, retiredAt }) => ({
        id,
        current: id === masterKeys.currentId,
        createdAt: createdAt.toISOString(),
        retiredAt: retiredAt?.toISOString() ?? null,
        videoKeys: wraps.find(({ mekId }) => mekId === id)?.keys ?? 0,
        fields: fields.get(id) ?? 0,
      })),
      videoKeys: totals[0] ?? { total: 0, cameras: 0, firstDay: null, lastDay: null },
      rotation: {
        ...{ running, done, total, failed: failed ?? null, days },
        nextAt: new Date(current + days * DAY_MS).toISOString(),
      },
      suite: this.#keys.suite,
      revoked: revoked.map(({ keyId, cameraId, utcDay, reason, revokedByName: byName, revokedAt }) => ({
        keyId,
        cameraId,
        utcDay,
        reason,
        byName,
        at: revokedAt.toISOString(),
      })),
    };
  }

  async videoKeys(query: VideoKeyQuery): Promise<VideoKeyPage> {
    const keys = await listVideoKeys(this.#orm, query);
    return { keys, next: keys.length === query.limit ? (keys.at(-1)?.id ?? null) : null };
  }

  get schedule(): Pick<Keys["rotation"], "days" | "setDays"> {
    return this.#keys.rotation;
  }

  /** Wrapped for its recipient. Throws `keys.unknown_key`, `keys.revoked`, `keys.bad_recipient`. */
  export(cameraId: string, utcDay: string, recipient: KeyRecipient): Promise<KeyExportFile> {
    return this.#keys.exports.export(cameraId, utcDay, recipient);
  }

  /** The new master key's number; wrapping anew goes on in the background. */
  rotate(): Promise<number> {
    return this.#keys.rotation.rotate();
  }

  /** Numbers of the keys destroyed. Throws `keys.bad_days`, `keys.in_use`, `keys.locked`. */
  async revoke(revocation: Revocation): Promise<number[]> {
    const ids = await this.#keys.revocation.revoke(revocation);
    if (ids.length > 0) this.#onRevoked(revocation.cameraId);
    return ids;
  }
}
