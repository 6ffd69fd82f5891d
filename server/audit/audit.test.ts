import { desc, sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { micros, millis } from "../../shared/lib/time.ts";
import { auditEntries } from "../db/schema/index.ts";
import { embedded } from "../testkit/temp-db.ts";
import { clean, REDACTED } from "./canonical.ts";
import { openTempAudit, type TempAudit } from "./testkit/temp-audit.ts";

let audit: TempAudit;
beforeAll(async () => {
  audit = await openTempAudit(embedded);
});
afterAll(() => audit.close());
beforeEach(() => audit.reset());

const stored = () => audit.database.orm.select().from(auditEntries).orderBy(auditEntries.seq);

describe("the audit trail", () => {
  it("keeps the order of what is added at once, in few transactions", async () => {
    const actions = Array.from({ length: 600 }, (_, index) => `test.n${index}`);
    await Promise.all(actions.map((action) => audit.trail().audit.add({ action })));
    expect((await stored()).slice(1).map(({ action }) => action)).toEqual(actions);
    expect(await audit.verify()).toMatchObject({ ok: true, rows: 601 });
  });

  it("takes whatever callers give", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = { self: { self: cycle } };
    await audit.trail().audit.add({
      action: "camera.create",
      actorId: "not an id",
      sessionId: "token:7",
      target: "11111111-2222-4333-8444-555555555555",
      details: {
        nul: "a\u0000b",
        half: "\ud800",
        big: "x".repeat(100_000),
        infinite: Number.POSITIVE_INFINITY,
        tiny: 5e-324,
        large: 1.5e300,
        zero: -0,
        when: new Date(0),
        cycle,
        password: "hunter2",
        nested: { accessToken: "abc", tokenId: 7 },
        url: "rtsp://me:secret@10.0.0.1/x",
      },
    });
    const [, row] = await stored();
    expect(row).toMatchObject({ actorId: null, via: "token:7", sessionId: null, cameraId: row?.target });
    const text = JSON.stringify(row);
    for (const secret of ["hunter2", "abc", "me:secret"]) expect(text).not.toContain(secret);
    expect(row?.details).toMatchObject({ password: REDACTED, nested: { accessToken: REDACTED, tokenId: 7 } });
    expect(await audit.verify()).toMatchObject({ ok: true });
  });

  it("signs after many rows, after a while and at the end", async () => {
    const { database, clock } = audit;
    const numbers = async () =>
      (await database.orm.execute(sql`select number, seq from audit_checkpoints order by number`)).map(({ seq }) =>
        Number(seq),
      );
    await Promise.all(Array.from({ length: 300 }, () => audit.trail().audit.add({ action: "test.many" })));
    await expect.poll(async () => (await numbers())[0] ?? 0).toBeGreaterThanOrEqual(250);
    clock.advance(millis(30_000));
    await audit.trail().audit.add({ action: "test.later" });
    await audit.reopen();
    expect((await numbers()).at(-1)).toBe((await stored()).at(-1)?.seq);
  });

  it("counts a flood of refused attempts instead of writing each", async () => {
    const { clock } = audit;
    const trail = audit.trail().audit;
    for (let attempt = 0; attempt < 5000; attempt++) {
      await trail.add({ action: "auth.login_failed", actorName: "admin", ip: "10.0.0.66" });
    }
    for (let attempt = 0; attempt < 5000; attempt++) {
      await trail.add({ action: "auth.login_failed", actorName: `guess${attempt}`, ip: "10.0.0.67" });
    }
    clock.advance(millis(60_000));
    await trail.flush();
    const rows = (await stored()).slice(1);
    expect(rows.length).toBeLessThan(50);
    expect(rows.every(({ outcome }) => outcome !== "ok")).toBe(true);
    expect(rows.find(({ details }) => details?.repeated !== undefined)?.details).toMatchObject({ repeated: 4999 });
    expect(rows.at(-1)).toMatchObject({
      action: "access.many_denied",
      ip: "10.0.0.67",
      details: { attempts: 5000 - 20, actions: { "auth.login_failed": 5000 - 20 } },
    });
  });

  it("waits for a database that is away, in order, and says what it had to refuse", async () => {
    const trail = audit.trail().audit;
    const { orm } = audit.database;
    let release = (): void => undefined;
    const released = new Promise<void>((done) => {
      release = done;
    });
    let holder: Promise<void> | undefined;
    await new Promise<void>((locked) => {
      holder = orm.transaction(async (transaction) => {
        await transaction.execute(sql`lock table audit_entries in access exclusive mode`);
        locked();
        await released;
      });
    });
    for (let row = 0; row < 10_100; row++) trail.note({ action: "test.waits", details: { row } });
    expect(trail.waiting).toBe(10_000);
    await expect(trail.require({ action: "key.export" })).rejects.toMatchObject({ code: "audit.unavailable" });
    release();
    await holder;
    await trail.flush();
    const rows = await stored();
    expect(rows.filter(({ action }) => action === "test.waits").map(({ details }) => details?.row)).toEqual(
      Array.from({ length: 10_000 }, (_, row) => row),
    );
    expect(rows.find(({ action }) => action === "audit.refused")?.details).toMatchObject({
      rows: 101,
      actions: { "test.waits": 100, "key.export": 1 },
    });
    expect(await audit.verify()).toMatchObject({ ok: true });
  }, 60_000);

  it("takes over rows that are older than the chain", async () => {
    await audit.reopen(async () => {
      await audit.tamper(
        sql`delete from audit_entries`,
        sql`delete from audit_checkpoints`,
        sql`insert into audit_entries (at, action, details) select to_timestamp(1700000000), 'old.' || n, '{"n": 1}' from generate_series(1, 1200) n`,
      );
      await audit.forgetAnchor();
    });
    const rows = await stored();
    expect(rows.map(({ action }) => action)).toEqual([
      ...Array.from({ length: 1200 }, (_, row) => `old.${row + 1}`),
      "audit.begun",
    ]);
    expect(rows.at(-1)).toMatchObject({ seq: 1201, details: { adopted: 1200 } });
    expect((await audit.verify()).findings.filter(({ severity }) => severity === "fault")).toEqual([]);
  });

  it("takes out what is too old and stays provable", async () => {
    const { clock } = audit;
    await audit.fill(5);
    await audit.trail().audit.flush();
    clock.stepUtc(micros(40 * 86_400_000_000));
    await audit.fill(5);
    await audit.trail().retention.set(30);
    await audit.trail().retention.look();
    const [first] = await stored();
    expect(first?.seq).toBe(7);
    expect(await audit.verify()).toMatchObject({ ok: true, prunedSeq: 6, firstSeq: 7, findings: [] });
    await audit.reopen();
    await audit.fill(1);
    clock.stepUtc(micros(40 * 86_400_000_000));
    await audit.fill(1);
    await audit.trail().retention.look();
    expect(await audit.verify()).toMatchObject({ ok: true, findings: [] });
    // An intruder who takes out one more than was said.
    const [oldest] = await stored();
    await audit.tamper(sql`delete from audit_entries where seq = ${oldest?.seq}`);
    expect((await audit.verify()).findings).toEqual([
      expect.objectContaining({ kind: "removed", seq: oldest?.seq, toSeq: oldest?.seq }),
    ]);
    const [newest] = await audit.database.orm.select().from(auditEntries).orderBy(desc(auditEntries.seq)).limit(1);
    expect(newest?.action).toBe("audit.verify");
  });
});

it("what goes by the name of a secret is blanked, its name and number are not", () => {
  const value = { password: "a", passwordChanged: true, tokens: ["b"], tokenName: "c", totpSecret: "d", retryCount: 3 };
  expect(clean(value)).toEqual({
    password: REDACTED,
    passwordChanged: true,
    tokens: REDACTED,
    tokenName: "c",
    totpSecret: REDACTED,
    retryCount: 3,
  });
});
