import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { eq } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { ExportJob } from "../../shared/api/recording.ts";
import type { CreatedToken } from "../../shared/api/tokens.ts";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { openKeyFile } from "../../shared/evidence/key-file.ts";
import { openZip } from "../../shared/evidence/package-files.ts";
import { verifyPackage } from "../../shared/evidence/verify.ts";
import { SimulatedClock } from "../../shared/lib/simulated-clock.ts";
import { micros, millis } from "../../shared/lib/time.ts";
import { type Action, type Principal, SERVER_PRINCIPAL } from "../auth/policy.ts";
import { auditEntries, exportJobs, segments, storageVolumes, users } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { findFfmpeg } from "../testkit/tools.ts";
import { fileBytes } from "./package-source.ts";
import { ExportKit } from "./testkit/export-kit.ts";

const ffmpeg = findFfmpeg();
if (ffmpeg === undefined) process.stderr.write("Skipped: export jobs (FFmpeg is not installed).\n");
const NOW = micros(Date.UTC(2026, 10, 20, 10) * 1000);
const PASSPHRASE = "the clerk's passphrase";

describe.skipIf(ffmpeg === undefined).each(databases)("export jobs, $name", (kind) => {
  let server: TestServer;
  let kit: ExportKit;
  let clock: SimulatedClock;
  let cameraId: string;
  let token: string;
  const start = micros(NOW - 60_000_000);

  beforeAll(async () => {
    clock = new SimulatedClock(NOW);
    kit = await ExportKit.open();
    server = await startTestServer({ kind, clock });
    cameraId = (await server.addCamera("마당 #1")).id;
    token = (await server.login("admin")).accessToken;
    await record();
  });
  afterAll(async () => {
    await server.close();
    await kit.close();
  });

  /** Footage of a minute ago, sealed with the server's own keys and in its index. */
  async function record(): Promise<void> {
    const { orm } = server.database;
    const keys = await server.keys.service.sealKeys(cameraId, 1);
    const [current] = keys;
    if (!current) throw new Error("no key");
    const root = join(kit.folder, "volume");
    const volumeId = randomUUID();
    const names = { id: volumeId, name: "test", kind: "local", tier: "hot", location: root } as const;
    await orm.insert(storageVolumes).values({ ...names, reserveBytes: 0, createdAt: new Date() });
    const clip = await kit.clip(ffmpeg ?? "", 6);
    const keyFor = async (epoch: number) => {
      const { suite, keyId } = current;
      const { key } = await server.keys.service.epochKey(cameraId, keyId, 1, epoch);
      return { suite, keyId, key };
    };
    const crypto = await loadFluxCrypto();
    const written = await kit.footage(clip, {
      root,
      crypto,
      cameraId,
      generation: 1,
      keyFor,
      start,
      segmentMicros: 3_000_000,
    });
    for (const { place: _, open: __, ...segment } of written) {
      const rest = { codec: 1, codecString: clip.codecString, width: 320, height: 180, state: "closed" } as const;
      await orm.insert(segments).values({ ...segment, cameraId, streamId: 1, role: "main", volumeId, ...rest });
    }
  }

  const spec = (change: Record<string, unknown> = {}) => ({
    title: "절도 / break-in",
    format: "mp4",
    items: [{ cameraId, startMicros: start, endMicros: start + 6_000_000 }],
    ...change,
  });

  async function create(body: unknown, as = token): Promise<ExportJob> {
    const response = await server.call("POST", "/api/v1/exports", { token: as, body });
    expect(response.status).toBe(201);
    return (await response.json()) as ExportJob;
  }

  async function get(id: string): Promise<ExportJob> {
    const response = await server.call("GET", `/api/v1/exports/${id}`, { token });
    return (await response.json()) as ExportJob;
  }

  async function packageOf(id: string) {
    const row = await server.database.orm.select().from(exportJobs).where(eq(exportJobs.id, id));
    const fileName = row[0]?.fileName ?? "";
    const { path } = await server.control.exports.package(SERVER_PRINCIPAL, id);
    expect(path.endsWith(fileName)).toBe(true);
    return openZip(await fileBytes(path));
  }

  it("run one after the other and end with a package that verifies", async () => {
    const [first, second] = [await create(spec()), await create(spec({ format: "mkv" }))];
    await server.control.exports.idle();
    for (const { id } of [first, second]) {
      const job = await get(id);
      expect(job).toMatchObject({ state: "done", progress: 1, errorCode: null, queuePosition: null, items: 1 });
      const { fingerprint } = server.control.exports.signingKey;
      const report = await verifyPackage(await packageOf(id), { expectedKey: fingerprint });
      expect(report).toMatchObject({ ok: true, signerExpected: true });
      expect(report.manifest?.items[0]).toMatchObject({ cameraName: "마당 #1", gaps: [] });
      expect(report.manifest?.exporter.name).toBe("admin");
    }
  });

  it("make sealed packages that the passphrase opens, and forget it", async () => {
    const { id } = await create(spec({ format: "sealed", passphrase: PASSPHRASE }));
    const { orm } = server.database;
    const [queued] = await orm.select().from(exportJobs).where(eq(exportJobs.id, id));
    expect(JSON.stringify(queued)).not.toContain(PASSPHRASE);
    await server.control.exports.idle();
    const [row] = await orm.select().from(exportJobs).where(eq(exportJobs.id, id));
    expect(row?.spec.passphrase).toBeUndefined();
    const found = await packageOf(id);
    const crypto = await loadFluxCrypto();
    const report = await verifyPackage(found, { passphrase: PASSPHRASE, crypto });
    expect(report.findings).toEqual([]);
    expect(report.openedFrames).toBeGreaterThan(150);
    const keys = found.files.find(({ name }) => name === "keys.json");
    const text = new TextDecoder().decode(await keys?.readAt(0, keys.bytes));
    await expect(openKeyFile(text, "another passphrase")).rejects.toMatchObject({ code: "evidence.wrong_passphrase" });
    const wrong = await verifyPackage(found, { passphrase: "another passphrase", crypto });
    expect(wrong.findings.map(({ code }) => code)).toEqual(["passphrase.wrong"]);
  });

  it("are served in ranges, also by a link that a browser can follow, and written down", async () => {
    const { id } = await create(spec());
    const early = await server.call("GET", `/api/v1/exports/${randomUUID()}/download`, { token });
    expect(early.status).toBe(404);
    await server.control.exports.idle();
    const whole = await server.call("GET", `/api/v1/exports/${id}/download`, { token });
    const bytes = new Uint8Array(await whole.arrayBuffer());
    expect(whole.headers.get("content-disposition")).toMatch(
      /^attachment; filename="[\w.-]+\.zip"; filename\*=UTF-8''/,
    );
    const { bytes: expected } = await get(id);
    expect(bytes.byteLength).toBe(expected);
    const link = await server.call("POST", `/api/v1/exports/${id}/link`, { token, body: {} });
    const { url } = (await link.json()) as { url: string };
    const part = await server.call("GET", url, { headers: { range: "bytes=10-19" } });
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 10-19/${expected}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
    const beyond = await server.call("GET", url, { headers: { range: `bytes=${expected}-` } });
    expect(beyond.status).toBe(416);
    clock.advance(millis(6 * 60_000));
    expect((await server.call("GET", url)).status).toBe(410);
    const actions = (await server.database.orm.select().from(auditEntries)).map(
      ({ action, target }) => `${action} ${target}`,
    );
    expect(actions).toEqual(expect.arrayContaining([`export.create ${id}`, `export.download ${id}`]));
    token = (await server.login("admin")).accessToken;
  });

  it("do not begin for somebody who lost the right while the job waited", async () => {
    await server.addUser("leaver", "operator", [cameraId]);
    const leaver = (await server.login("leaver")).accessToken;
    const first = await create(spec());
    const waiting = await create(spec(), leaver);
    await server.database.orm.update(users).set({ enabled: false }).where(eq(users.username, "leaver"));
    await server.control.exports.idle();
    expect((await get(first.id)).state).toBe("done");
    expect(await get(waiting.id)).toMatchObject({ state: "failed", errorCode: "export.right_lost", fileName: null });
  });

  it("of a token end with the token, whatever its owner may; of a person they outlive the session", async () => {
    const permissions = ["archive.view", "archive.export", "audio.hear"];
    const body = { name: "collector", permissions, days: 1, cameraIds: [cameraId] };
    const made = await server.call("POST", "/api/v1/tokens", { token, body });
    const { secret, token: its } = (await made.json()) as CreatedToken;
    await server.addUser("archivist", "operator", [cameraId]);
    const archivist = (await server.login("archivist")).accessToken;
    await create(spec());
    const [byToken, byPerson] = [await create(spec(), secret), await create(spec(), archivist)];
    expect((await server.call("DELETE", `/api/v1/tokens/${its.id}`, { token })).status).toBe(204);
    expect((await server.call("POST", "/api/v1/auth/logout", { token: archivist })).status).toBe(204);
    await server.control.exports.idle();
    expect(await get(byToken.id)).toMatchObject({ state: "failed", errorCode: "export.right_lost" });
    expect((await get(byPerson.id)).state).toBe("done");
  });

  it("refuse what cannot be", async () => {
    const { addUser, login } = server;
    await addUser("watcher", "viewer", [cameraId]);
    const viewer = (await login("watcher")).accessToken;
    const cases: [unknown, number, string, string?][] = [
      [spec(), 403, "auth.forbidden", viewer],
      [spec({ format: "sealed" }), 400, "export.no_passphrase"],
      [spec({ format: "sealed", passphrase: "short" }), 400, "request.invalid"],
      [spec({ items: [{ cameraId, startMicros: 5, endMicros: 5 }] }), 400, "export.bad_range"],
      [spec({ caseId: randomUUID() }), 404, "case.not_found"],
      [spec({ passphrase: PASSPHRASE }), 400, "export.bad_spec"],
    ];
    for (const [body, status, code, as] of cases) {
      const response = await server.call("POST", "/api/v1/exports", { token: as ?? token, body });
      const { error } = (await response.json()) as { error: { code: string } };
      expect([response.status, error.code]).toEqual([status, code]);
    }
    // A package tells the title of its case: one of other cameras is as if it were not there.
    const other = await server.addCamera("other");
    const item = { cameraId: other.id, startMicros: 5, endMicros: 6, note: "" };
    const ask = async (as: string, path: string, body: object) => {
      const response = await server.call("POST", `/api/v1${path}`, { token: as, body });
      return { status: response.status, body: (await response.json()) as { id: string; error?: { code: string } } };
    };
    const foreign = await ask(token, "/cases", { title: "Theft", reference: "2026-17", items: [item] });
    expect(foreign.status).toBe(201);
    const role = { name: "Clerk", description: "", permissions: ["archive.view", "archive.export"] };
    const { id: roleId } = (await ask(token, "/roles", role)).body;
    const grants = [{ roleId, scope: { kind: "camera", cameraId } }];
    await ask(token, "/users", { username: "clerk", password: ADMIN_PASSWORD, grants });
    const clerk = (await login("clerk")).accessToken;
    const refused = await ask(clerk, "/exports", spec({ caseId: foreign.body.id, audio: false }) as object);
    expect([refused.status, refused.body.error?.code]).toEqual([404, "case.not_found"]);
    vi.stubEnv("PATH", kit.folder);
    const marked = await server.call("POST", "/api/v1/exports", { token, body: spec({ watermark: true }) });
    vi.unstubAllEnvs();
    const { error } = (await marked.json()) as { error: { code: string; details: { field: string }[] } };
    expect([marked.status, error.code, error.details[0]?.field]).toEqual([409, "export.ffmpeg_missing", "watermark"]);
    const { id } = await create(spec({ items: [{ cameraId, startMicros: 5, endMicros: 6 }] }));
    await server.control.exports.idle();
    expect(await get(id)).toMatchObject({ state: "failed", errorCode: "export.no_footage", fileName: null });
  });

  it("are not handed to who may no longer see or hear what they hold", async () => {
    const [loud, silent] = [await create(spec()), await create(spec({ audio: false }))];
    await server.control.exports.idle();
    const only = (...actions: Action[]): Principal => {
      const limit = { kind: "token", id: "token:1", name: "script", actions: new Set<Action>(actions) } as const;
      return { ...SERVER_PRINCIPAL, limit };
    };
    const { exports } = server.control;
    const deaf = only("archive.export", "archive.view");
    await expect(exports.package(deaf, loud.id)).rejects.toMatchObject({ code: "auth.forbidden", field: "audio" });
    await expect(exports.package(deaf, silent.id)).resolves.toMatchObject({ fileName: expect.any(String) });
    const blind = only("archive.export", "audio.hear");
    await expect(exports.package(blind, silent.id)).rejects.toMatchObject({ code: "auth.forbidden" });
    await expect(exports.package(only("archive.view"), silent.id)).rejects.toMatchObject({ code: "export.not_found" });
  });

  it("are cancelled and removed with what they left", async () => {
    const { id } = await create(spec());
    expect((await server.call("DELETE", `/api/v1/exports/${id}`, { token })).status).toBe(204);
    await server.control.exports.idle();
    expect(await get(id)).toMatchObject({ state: "cancelled", fileName: null });
    expect((await server.call("DELETE", `/api/v1/exports/${id}`, { token })).status).toBe(204);
    expect((await server.call("GET", `/api/v1/exports/${id}`, { token })).status).toBe(404);
  });
});
