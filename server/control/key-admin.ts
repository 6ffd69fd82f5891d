import { count, countDistinct, max, min } from "drizzle-orm";
import type { KeyInventory } from "../../shared/api/keys.ts";
import type { Orm } from "../db/database.ts";
import { videoDeks } from "../db/schema/index.ts";
import type { Revocation } from "../keys/key-revocation.ts";
import type { Keys } from "../keys/open-keys.ts";

const MAX_REVOKED = 200;

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
    const [facts, wraps, totals, revoked] = await Promise.all([
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
    ]);
    const { running, done, total, failed } = rotation.progress;
    return {
      masterKeys: facts.map(({ id, createdAt, retiredAt }) => ({
        id,
        current: id === masterKeys.currentId,
        createdAt: createdAt.toISOString(),
        retiredAt: retiredAt?.toISOString() ?? null,
        videoKeys: wraps.find(({ mekId }) => mekId === id)?.keys ?? 0,
      })),
      videoKeys: totals[0] ?? { total: 0, cameras: 0, firstDay: null, lastDay: null },
      rotation: { running, done, total, failed: failed ?? null },
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
