import { join } from "node:path";
import { eq } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { loadKeyOf } from "../export/signing-key.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import { AnchorFile } from "./anchor.ts";
import { Audit } from "./audit.ts";
import { AuditChain } from "./chain.ts";
import { CheckpointSigner } from "./checkpoint.ts";
import { Verification } from "./verification.ts";

export interface AuditParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sealer: FieldSealer;
  readonly auditMacKey: Uint8Array;
  /** Holds the anchor file. Undefined: none is kept. */
  readonly dataDir: string | undefined;
}

/** The audit trail and what administrators do with it. */
export interface AuditTrail {
  readonly audit: Audit;
  readonly verification: Verification;
  readonly signer: CheckpointSigner;
  readonly retention: AuditRetention;
  close(): Promise<void>;
}

export const ANCHOR_FILE = "audit-anchor.json";
const SIGNING_KEY = "audit.signing-key";

export function auditSigner({ orm, sealer, clock }: Pick<AuditParts, "orm" | "sealer" | "clock">) {
  return loadKeyOf(SIGNING_KEY, orm, sealer, clock).then((key) => new CheckpointSigner(key));
}

export async function openAudit(parts: AuditParts): Promise<AuditTrail> {
  const { orm, clock, log, auditMacKey: macKey, dataDir } = parts;
  const signer = await auditSigner(parts);
  const anchor = new AnchorFile(dataDir === undefined ? undefined : join(dataDir, ANCHOR_FILE), log);
  const chain = await AuditChain.open({ orm, clock, log, signer, macKey, anchor });
  const audit = new Audit({ chain, clock, log });
  const retention = new AuditRetention(orm, clock, log, audit);
  const verification = new Verification({ orm, clock, signer, macKey, anchor, audit });
  // An anchor outside of the machine, wherever logs go.
  log.info({ seq: chain.head.seq, hash: Buffer.from(chain.head.hash).toString("hex") }, "audit chain opened");
  return {
    audit,
    verification,
    signer,
    retention,
    close: async () => {
      await retention.close();
      await verification.close();
      await audit.close();
    },
  };
}

const RETENTION = "audit.retention-days";
export const DEFAULT_RETENTION_DAYS = 1095;
const LOOK_EVERY_MS = millis(6 * 3_600_000);
const DAY_MS = 86_400_000;

/** How long rows are kept. */
export class AuditRetention {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #audit: Audit;
  readonly #timer;
  #looking: Promise<void> | undefined;

  constructor(orm: Orm, clock: Clock, log: Logger, audit: Audit) {
    this.#orm = orm;
    this.#clock = clock;
    this.#log = log;
    this.#audit = audit;
    this.#timer = clock.every(LOOK_EVERY_MS, () => void this.look());
  }

  async days(): Promise<number> {
    const [row] = await this.#orm.select().from(settings).where(eq(settings.name, RETENTION));
    return row === undefined ? DEFAULT_RETENTION_DAYS : Number(row.value);
  }

  /** Throws `audit.bad_retention`. Returns what it was before. */
  async set(days: number): Promise<number> {
    if (!Number.isInteger(days) || days < 30 || days > 36_500) {
      throw new FluxError("audit.bad_retention", "from 30 to 36500 days", { field: "days" });
    }
    const before = await this.days();
    const updatedAt = toDate(this.#clock.utcMicros());
    const row = { name: RETENTION, value: String(days), updatedAt };
    await this.#orm.insert(settings).values(row).onConflictDoUpdate({ target: settings.name, set: row });
    return before;
  }

  /** Takes out what is too old. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    try {
      const now = toDate(this.#clock.utcMicros()).getTime();
      const rows = await this.#audit.prune(new Date(now - (await this.days()) * DAY_MS));
      if (rows > 0) this.#log.info({ rows }, "old audit rows were taken out");
    } catch (err) {
      this.#log.error({ err }, "old audit rows could not be taken out");
    }
  }
}
