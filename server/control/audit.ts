import type { Clock } from "../../shared/lib/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { auditEntries } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export interface AuditEntry {
  /** Dotted: `camera.create`, `auth.login_failed`. */
  readonly action: string;
  readonly actorId?: string;
  readonly actorName?: string;
  readonly ip?: string;
  readonly target?: string;
  /** Never a secret. */
  readonly details?: Record<string, unknown>;
}

/** Appends to the audit table. */
export class Audit {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #log: Logger;

  constructor(orm: Orm, clock: Clock, log: Logger) {
    this.#orm = orm;
    this.#clock = clock;
    this.#log = log;
  }

  /** Never rejects: what was done is done; a failed entry is logged instead. */
  async add(entry: AuditEntry): Promise<void> {
    try {
      await this.#orm.insert(auditEntries).values({ ...entry, at: toDate(this.#clock.utcMicros()) });
    } catch (err) {
      this.#log.error({ err, audit: entry }, "audit entry could not be stored");
    }
  }
}
