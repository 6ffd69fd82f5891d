import { randomUUID } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { streams } from "../db/schema/index.ts";
import { databases } from "../testkit/temp-db.ts";
import { startTestServer, type TestServer } from "../testkit/test-server.ts";
import { CameraStore } from "./camera-store.ts";
import { sealOpenStreamUrls } from "./stream-urls.ts";

const OLD = "rtsp://10.0.0.8/main?token=left-by-an-earlier-version";

describe.each(databases)("addresses of streams on $name", (kind) => {
  let server: TestServer;
  let store: CameraStore;
  const id = randomUUID();
  beforeAll(async () => {
    server = await startTestServer({ kind });
    store = new CameraStore(server.database.orm, server.keys.sealer);
  });
  afterAll(() => server.close());

  const rows = () => server.database.orm.select().from(streams).where(eq(streams.cameraId, id)).orderBy(streams.role);
  const values = (urls: ReadonlyMap<"main" | "sub", string>) => ({
    id,
    name: "Gate",
    group: "",
    enabled: true,
    transport: "auto" as const,
    allowUntrustedCertificate: false,
    username: undefined,
    password: undefined,
    createdAt: new Date(0),
    urls,
  });

  it("are sealed, bound to their stream, and keep its number when they change", async () => {
    const urls = new Map([
      ["main", "rtsp://10.0.0.8/main?token=one"],
      ["sub", "rtsp://10.0.0.8/sub"],
    ] as const);
    const made = await store.put(values(urls), new Date(0));
    expect(made.streams.map(({ role, url }) => [role, url])).toEqual([...urls]);
    const [main, sub] = await rows();
    expect([main?.url, sub?.url]).toEqual([null, null]);
    const context = `streams.url_sealed|${main?.id}`;
    expect(server.keys.sealer.open(context, main?.urlSealed ?? "")).toBe(urls.get("main"));
    expect(() => server.keys.sealer.open(context, sub?.urlSealed ?? "")).toThrow();
    const changed = await store.put(values(new Map([["main", "rtsp://10.0.0.8/main?token=two"]])), new Date(0));
    expect(changed.streams).toEqual([{ streamId: main?.id, role: "main", url: "rtsp://10.0.0.8/main?token=two" }]);
    expect((await store.all()).flatMap((camera) => camera.streams)).toEqual(changed.streams);
  });

  it("of earlier versions are read as they are, and sealed at the next start, once", async () => {
    const { orm } = server.database;
    await orm.update(streams).set({ url: OLD, urlSealed: null }).where(eq(streams.cameraId, id));
    expect((await store.all())[0]?.streams[0]?.url).toBe(OLD);
    expect(await sealOpenStreamUrls(orm, server.keys.sealer)).toBe(1);
    expect((await store.all())[0]?.streams[0]?.url).toBe(OLD);
    const [row] = await orm.execute<{ row: string }>(sql`select to_jsonb(s)::text as row from streams s`);
    expect(row?.row).not.toContain("left-by-an-earlier-version");
    expect(await rows()).toMatchObject([{ url: null, urlSealed: expect.stringMatching(/^aria256gcm:/) }]);
    expect(await sealOpenStreamUrls(orm, server.keys.sealer)).toBe(0);
  });

  it("go over to a new master key", async () => {
    const before = (await rows())[0]?.urlSealed;
    await server.keys.rotation.rotate();
    await server.keys.rotation.settled();
    expect((await rows())[0]?.urlSealed).not.toBe(before);
    expect((await store.all())[0]?.streams[0]?.url).toBe(OLD);
  });
});
