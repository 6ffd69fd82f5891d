import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { type SQL, sql } from "drizzle-orm";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { createLog } from "../../core/log.ts";
import { openKeys } from "../../keys/open-keys.ts";
import type { DatabaseKind, TempDatabase } from "../../testkit/temp-db.ts";
import type { Anchor } from "../anchor.ts";
import type { ChainReport } from "../chain-check.ts";
import { ANCHOR_FILE, type AuditTrail, openAudit } from "../open-audit.ts";

/** An audit trail on a real database, and the hands of somebody who has all rights on that database. */
export interface TempAudit {
  readonly database: TempDatabase;
  readonly clock: SimulatedClock;
  /** Of now: `reopen` makes another. */
  trail(): AuditTrail;
  /** Adds that many rows, one by one, a second apart. */
  fill(rows: number): Promise<void>;
  /** As an intruder in the database who knows of the trigger. */
  tamper(...statements: SQL[]): Promise<void>;
  /** Stops the server and starts it again; `meanwhile` happens while it is down. */
  reopen(meanwhile?: () => Promise<void>): Promise<void>;
  verify(anchors?: readonly Anchor[]): Promise<ChainReport>;
  forgetAnchor(): Promise<void>;
  /** A new chain in the same database. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export async function openTempAudit(kind: DatabaseKind): Promise<TempAudit> {
  const database = await kind.open();
  const clock = new SimulatedClock();
  const log = createLog("silent");
  const rootKey = randomBytes(32);
  const { orm } = database;
  const { dataDir } = database;
  const open = async () => {
    const keys = await openKeys({ orm, rootKey, clock, log });
    const trail = await openAudit({ orm, clock, log, sealer: keys.sealer, auditMacKey: keys.auditMacKey, dataDir });
    return { keys, trail };
  };
  let now = await open();
  const stop = async (): Promise<void> => {
    await now.trail.close();
    await now.keys.close();
  };
  const tamper: TempAudit["tamper"] = async (...statements) => {
    await orm.transaction(async (transaction) => {
      await transaction.execute(sql`select set_config('fluxvision.audit_maintenance', 'on', true)`);
      for (const statement of statements) await transaction.execute(statement);
    });
  };
  const forgetAnchor = () => rm(join(dataDir, ANCHOR_FILE), { force: true });
  return {
    forgetAnchor,
    database,
    clock,
    trail: () => now.trail,
    async fill(rows) {
      for (let row = 0; row < rows; row++) {
        clock.stepUtc(1_000_000 as never);
        await now.trail.audit.add({ action: "camera.update", actorName: "kim", ip: "10.0.0.9", details: { row } });
      }
    },
    tamper,
    async reopen(meanwhile = async () => undefined) {
      await stop();
      await meanwhile();
      now = await open();
    },
    async verify(anchors = []) {
      now.trail.verification.start({ actorName: "auditor" }, anchors);
      await now.trail.verification.settled();
      const { report, failed } = now.trail.verification.state;
      if (!report) throw new Error(`not verified: ${failed}`);
      return report;
    },
    async reset() {
      await stop();
      await tamper(sql`delete from audit_entries`, sql`delete from audit_checkpoints`);
      await forgetAnchor();
      now = await open();
    },
    async close() {
      await stop();
      await database.close();
    },
  };
}
