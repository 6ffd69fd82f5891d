import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { databases } from "../testkit/temp-db.ts";
import { type AuditRow, chainHash, NO_HASH, rowDigest } from "./row.ts";
import { rowsFrom } from "./store.ts";
import { openTempAudit, type TempAudit } from "./testkit/temp-audit.ts";

/** Row 1 says that the chain begins; 2 to `rows + 1` are the test's, all signed. */
async function filled(audit: TempAudit, rows: number): Promise<TempAudit> {
  await audit.reset();
  await audit.fill(rows);
  await audit.trail().audit.flush();
  return audit;
}

async function firstRows({ database }: TempAudit): Promise<AuditRow[]> {
  for await (const rows of rowsFrom(database.orm, 0, 99)) return rows;
  return [];
}

describe.each(databases)("abuse case 20, audit rows on $name", (kind) => {
  let audit: TempAudit;
  beforeAll(async () => {
    audit = await openTempAudit(kind);
  });
  afterAll(() => audit.close());

  it("a whole chain is whole, and the table refuses changes", async () => {
    const { verify, database } = await filled(audit, 12);
    expect(await verify()).toMatchObject({ ok: true, rows: 13, firstSeq: 1, lastSeq: 13, signedSeq: 13, findings: [] });
    for (const statement of [
      sql`update audit_entries set action = 'x' where seq = 3`,
      sql`delete from audit_entries where seq = 3`,
      sql`truncate audit_entries`,
      sql`update audit_checkpoints set seq = 3`,
      sql`truncate audit_checkpoints`,
    ]) {
      await expect(database.orm.execute(statement)).rejects.toMatchObject({
        cause: { message: "audit rows are only ever added" },
      });
    }
  });

  it("names an edited row", async () => {
    const { verify, tamper } = await filled(audit, 12);
    await tamper(sql`update audit_entries set actor_name = 'lee' where seq = 5`);
    const { ok, findings } = await verify();
    expect(ok).toBe(false);
    expect(findings).toEqual([expect.objectContaining({ kind: "edited", severity: "fault", seq: 5 })]);
  });

  it.each([
    ["details", sql`details = '{"row": 99}'`],
    ["the address", sql`ip = null`],
    ["the outcome", sql`outcome = 'denied'`],
    ["old and new values", sql`changes = '[{"field":"name","from":"a","to":"b"}]'`],
    ["the hash", sql`hash = decode(repeat('00', 32), 'hex')`],
    ["the time, onwards", sql`at = at + interval '1 millisecond'`],
  ])("sees every part of a row: %s", async (_, change) => {
    const { verify, tamper } = await filled(audit, 4);
    await tamper(sql`update audit_entries set ${change} where seq = 3`);
    const { findings } = await verify();
    expect(findings.map(({ seq }) => seq)).toContain(3);
  });

  it("names a back-dated row", async () => {
    const { verify, tamper } = await filled(audit, 12);
    await tamper(sql`update audit_entries set at = at - interval '1 day' where seq = 8`);
    const { findings } = await verify();
    expect(findings).toEqual([expect.objectContaining({ kind: "back_dated", seq: 8, byMs: 86_400_000 - 1000 })]);
  });

  it("names removed rows", async () => {
    const { verify, tamper } = await filled(audit, 12);
    await tamper(sql`delete from audit_entries where seq in (4, 6, 7)`);
    const { findings } = await verify();
    expect(findings).toEqual([
      expect.objectContaining({ kind: "removed", seq: 4, toSeq: 4 }),
      expect.objectContaining({ kind: "removed", seq: 6, toSeq: 7 }),
    ]);
  });

  it("names a removed row though the rest was renumbered", async () => {
    const { verify, tamper } = await filled(audit, 12);
    await tamper(
      sql`delete from audit_entries where seq = 9`,
      sql`update audit_entries set seq = seq - 1 + 1000 where seq > 9`,
      sql`update audit_entries set seq = seq - 1000 where seq >= 1000`,
    );
    const { findings } = await verify();
    expect(findings[0]).toMatchObject({ kind: "reordered", seq: 9, was: 10 });
    expect(findings.at(-1)).toMatchObject({ kind: "tail_removed", seq: 13, toSeq: 13 });
  });

  it("names reordered rows", async () => {
    const { verify, tamper } = await filled(audit, 12);
    await tamper(
      sql`update audit_entries set seq = 1004 where seq = 4`,
      sql`update audit_entries set seq = 4 where seq = 9`,
      sql`update audit_entries set seq = 9 where seq = 1004`,
    );
    const { findings } = await verify();
    expect(findings.filter(({ kind: what }) => what === "reordered")).toEqual([
      expect.objectContaining({ seq: 4, was: 9 }),
      expect.objectContaining({ seq: 9, was: 4 }),
    ]);
  });

  it("names rows taken off the end, while it runs and after a restart", async () => {
    const { verify, tamper, reopen, fill } = await filled(audit, 12);
    await tamper(sql`delete from audit_entries where seq > 10`);
    // The check itself is a row behind the gap by now.
    expect((await verify()).findings).toContainEqual(
      expect.objectContaining({ kind: "tail_removed", seq: 11, toSeq: 13 }),
    );
    await reopen();
    await fill(2);
    const { findings } = await verify();
    expect(findings).toContainEqual(expect.objectContaining({ kind: "removed", seq: 11, toSeq: 13 }));
    const rows = await firstRows(audit);
    expect(rows.map(({ action }) => action)).toContain("audit.tamper_found");
  });

  it("finds rows and their checkpoints taken off the end by the anchor in the data folder", async () => {
    const { verify, tamper, reopen, fill } = await filled(audit, 12);
    await fill(3);
    await reopen(() =>
      tamper(sql`delete from audit_entries where seq > 8`, sql`delete from audit_checkpoints where seq > 8`),
    );
    const { findings } = await verify();
    expect(findings).toContainEqual(expect.objectContaining({ kind: "removed", seq: 9 }));
  });

  it("finds an end that was taken off with its signatures and the anchor file by what somebody noted elsewhere", async () => {
    const { verify, tamper, reopen, fill, forgetAnchor } = await filled(audit, 12);
    const [thirteenth] = (await firstRows(audit)).filter(({ seq }) => seq === 13);
    const anchor = { seq: 13, hash: Buffer.from(thirteenth?.hash ?? []).toString("hex") };
    await reopen(async () => {
      await tamper(sql`delete from audit_entries where seq > 9`, sql`delete from audit_checkpoints where seq > 9`);
      await forgetAnchor();
    });
    await fill(6);
    const { ok, findings } = await verify([anchor]);
    expect(ok).toBe(false);
    expect(findings).toContainEqual(expect.objectContaining({ kind: "not_as_anchored", seq: 13 }));
  });

  it("finds that the signing key was replaced: what the old one signed is no longer the server's", async () => {
    const { verify, reopen, database } = await filled(audit, 4);
    await reopen(async () => {
      await database.orm.execute(sql`delete from settings where name = 'audit.signing-key'`);
    });
    const { ok, findings } = await verify();
    expect(ok).toBe(false);
    expect(findings).toContainEqual(expect.objectContaining({ kind: "checkpoint_forged", seq: 1 }));
  });

  it("finds a chain that was computed anew behind an edited row", async () => {
    const { verify, tamper } = await filled(audit, 8);
    const rows = await firstRows(audit);
    let hash: Uint8Array = NO_HASH;
    const statements = [];
    for (const row of rows) {
      const forged = row.seq === 4 ? { ...row, actorName: "lee" } : row;
      hash = chainHash(hash, rowDigest(forged));
      const hex = Buffer.from(hash).toString("hex");
      statements.push(sql`update audit_entries set hash = decode(${hex}, 'hex'), actor_name = ${forged.actorName}
        where seq = ${row.seq} and hash <> decode(${hex}, 'hex')`);
    }
    await tamper(...statements);
    const { findings } = await verify();
    expect(findings[0]).toMatchObject({ kind: "rewritten", seq: 4 });
    expect(findings).toContainEqual(expect.objectContaining({ kind: "not_as_signed", seq: 9 }));
  });

  it("finds forged and removed checkpoints, and rows put in beside the chain", async () => {
    const { verify, tamper, fill } = await filled(audit, 4);
    for (let more = 0; more < 3; more++) {
      await fill(1);
      await audit.trail().audit.flush();
    }
    await tamper(
      sql`delete from audit_checkpoints where number = 2`,
      sql`update audit_checkpoints set body = replace(body, '"seq":7', '"seq":6'), seq = 6 where number = 3`,
      sql`insert into audit_entries (at, action) values (now(), 'camera.create')`,
    );
    const kinds = (await verify()).findings.map(({ kind: what }) => what);
    expect(kinds).toEqual(expect.arrayContaining(["checkpoint_forged", "checkpoint_removed", "unchained"]));
  });

  it("tells of a clock that was set back, and goes on", async () => {
    const { verify, fill, clock } = await filled(audit, 4);
    clock.stepUtc(-3_600_000_000 as never);
    await fill(2);
    const { ok, findings } = await verify();
    expect(ok).toBe(true);
    expect(findings).toEqual([
      expect.objectContaining({ kind: "clock_back", severity: "warning", action: "system.clock_back" }),
    ]);
  });
});
