import { randomBytes, randomUUID } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eq, sql } from "drizzle-orm";
import { Secret, TOTP } from "otpauth";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { micros } from "../../shared/lib/time.ts";
import { createLog } from "../core/log.ts";
import { settings, storageVolumes } from "../db/schema/index.ts";
import { writeFootage } from "../export/testkit/sealed-footage.ts";
import { databases } from "../testkit/temp-db.ts";
import { ADMIN_PASSWORD, startTestServer, type TestServer } from "../testkit/test-server.ts";
import { openKeys } from "./open-keys.ts";
import { SEALED_COLUMNS } from "./sealed-fields.ts";

const CAMERA_PASSWORD = "camera-pass-5Lf0n2Qx";
const NEW_CAMERA_PASSWORD = "camera-pass-9Rb7u4Tw";
const CAMERA_USER = "camera-user-8Yt1kW3z";
const URL_TOKEN = "url-token-3Gx9Wm6Ke";
const NEW_URL_PASSWORD = "url-pass-8Hd5Js1Pv";
const BUCKET_SECRET = "bucket-secret-Qm47ZpLs";
const OIDC_SECRET = "oidc-secret-N2cVb81Tg";
const MARKER = "plaintext picture of the vault 7Hq2";

/** All files below a folder, as one text of bytes each. */
async function contents(folder: string, skip: RegExp): Promise<{ path: string; bytes: Buffer }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files
    .filter((path) => !skip.test(path))
    .map(async (path) => ({ path, bytes: await readFile(path).catch(() => Buffer.alloc(0)) }));
  return Promise.all(read);
}

/** What a thief might look for: the secret itself, and the ways in which a program writes bytes. */
function forms(secret: string | Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret as Uint8Array);
  const [base64, url] = [bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
  const texts = [bytes.toString("hex"), bytes.toString("hex").toUpperCase(), base64, url];
  const wide = typeof secret === "string" ? [Buffer.from(secret, "utf16le")] : [];
  return [bytes, ...wide, ...texts.map((text) => Buffer.from(text))];
}

/** Where which secret lies, in what spelling ever. */
function find(secrets: ReadonlyMap<string, string | Uint8Array>, stolen: readonly { path: string; bytes: Buffer }[]) {
  const found = [];
  for (const [name, secret] of secrets) {
    for (const form of forms(secret)) {
      for (const { path, bytes } of stolen) if (bytes.includes(form)) found.push(`${name} in ${path}`);
    }
  }
  return found;
}

describe.each(databases)("a stolen database and stolen storage, without the root key, on $name", (kind) => {
  let server: TestServer;
  let storage: string;
  const secrets = new Map<string, string | Uint8Array>();

  beforeAll(async () => {
    server = await startTestServer({ kind });
    storage = await mkdtemp(join(tmpdir(), "fv-stolen-"));
    const { accessToken: token, cookie } = await server.login("admin");
    const post = async <T>(path: string, body: unknown, status: number): Promise<T> => {
      const response = await server.call("POST", `/api/v1${path}`, { token, body });
      if (response.status !== status) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    };
    const camera = await post<{ id: string }>(
      "/cameras",
      {
        name: "Vault",
        url: `rtsp://10.0.0.9/main?token=${URL_TOKEN}`,
        username: CAMERA_USER,
        password: CAMERA_PASSWORD,
      },
      201,
    );
    const volumeId = randomUUID();
    const credentials = server.keys.sealer.seal(
      `storage_volumes.credentials_sealed|${volumeId}`,
      JSON.stringify({ accessKeyId: "access-key-id", secretAccessKey: BUCKET_SECRET }),
    );
    await server.database.orm.insert(storageVolumes).values({
      id: volumeId,
      name: "Bucket",
      kind: "s3",
      tier: "cold",
      location: "https://10.0.0.20:9000/footage",
      reserveBytes: 0,
      credentialsSealed: credentials,
      createdAt: new Date(0),
    });
    const start = await post<{ token: string; secret: string }>("/mfa/totp/start", {}, 200);
    const code = new TOTP({ secret: Secret.fromBase32(start.secret) }).generate();
    const { recoveryCodes = [] } = await post<{ recoveryCodes?: string[] }>(
      "/mfa/totp",
      { token: start.token, code },
      200,
    );
    const made = await post<{ secret: string }>(
      "/tokens",
      { name: "script", permissions: ["live.view"], days: 30 },
      201,
    );
    const provider = { name: "Company", issuer: "https://login.example", clientId: "vms", clientSecret: OIDC_SECRET };
    await post("/identity/providers", provider, 201);
    // Changed once, so that versions of the configuration hold both.
    const subUrl = `rtsp://10.0.0.9/sub?user=viewer&pwd=${NEW_URL_PASSWORD}`;
    const changed = { password: NEW_CAMERA_PASSWORD, name: "Vault 2", subUrl };
    const answer = await server.call("PATCH", `/api/v1/cameras/${camera.id}`, { token, body: changed });
    expect(answer.status).toBe(200);

    // Pictures, sealed as ingest does.
    const [now] = await server.keys.service.viewKeys(camera.id, 1);
    if (!now) throw new Error("no key");
    const at = systemClock().utcMicros();
    await writeFootage(
      {
        codecString: "avc1.640028",
        width: 640,
        height: 360,
        units: [0, 1, 2, 3].map((index) => ({
          codec: "h264",
          data: Buffer.from(`\0\0\0\x01\x65${MARKER.repeat(50)}`),
          keyframe: index === 0,
          pts: index * 40_000,
          dts: index * 40_000,
        })),
      },
      {
        root: storage,
        crypto: await loadFluxCrypto(),
        cameraId: camera.id,
        streamId: 1,
        generation: 1,
        keyFor: async (epoch) => server.keys.service.epochKey(camera.id, now.keyId, 1, epoch),
        start: micros(at),
        segmentMicros: 60_000_000,
      },
    );
    // Renewed once: neither what the old master key wrapped nor what the new one wraps may show.
    await server.keys.rotation.rotate();
    await server.keys.rotation.settled();
    await server.control.audit.flush();
    await server.database.orm.execute(sql`checkpoint`).catch(() => undefined);

    secrets.set("camera's password", CAMERA_PASSWORD);
    secrets.set("camera's new password", NEW_CAMERA_PASSWORD);
    secrets.set("refresh token", decodeURIComponent(cookie.slice(cookie.indexOf("=") + 1)));
    for (const name of ["auth.signing-key", "audit.signing-key", "export.signing-key"]) {
      const [row] = await server.database.orm.select().from(settings).where(eq(settings.name, name));
      const { d = "" } = JSON.parse(server.keys.sealer.open(name, row?.value ?? "")) as JsonWebKey;
      expect(d).toHaveLength(43);
      secrets.set(`private half of ${name}`, d);
      secrets.set(`private half of ${name}, raw`, new Uint8Array(Buffer.from(d, "base64url")));
    }
    secrets.set("camera's user name", CAMERA_USER);
    secrets.set("token in a camera's address", URL_TOKEN);
    secrets.set("password in a camera's address", NEW_URL_PASSWORD);
    secrets.set("bucket's secret", BUCKET_SECRET);
    secrets.set("client secret", OIDC_SECRET);
    secrets.set("administrator's password", ADMIN_PASSWORD);
    secrets.set("secret of the authenticator app", start.secret);
    secrets.set("secret of the authenticator app, raw", new Uint8Array(Secret.fromBase32(start.secret).buffer));
    secrets.set("API token", made.secret);
    secrets.set("access token", token);
    secrets.set("epoch key", now.key);
    for (const [index, recovery] of recoveryCodes.entries()) secrets.set(`recovery code ${index}`, recovery);
    secrets.set("picture", MARKER);
    expect(recoveryCodes.length).toBeGreaterThan(0);
  });
  afterAll(async () => {
    await server.close();
    await rm(storage, { recursive: true });
  });

  async function loot(): Promise<{ path: string; bytes: Buffer }[]> {
    const { orm, dataDir } = server.database;
    const tables = await orm.execute<{ name: string }>(
      sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    const dumped = [];
    for (const { name } of tables) {
      const rows = await orm.execute<{ row: string }>(
        sql`select to_jsonb(t)::text as row from ${sql.identifier(name)} t`,
      );
      dumped.push({ path: `table ${name}`, bytes: Buffer.from(rows.map(({ row }) => row).join("\n")) });
    }
    // Table files, write-ahead log and all, where the database is ours.
    const files = await contents(dataDir, /root\.key$|postmaster\.pid$|\.s\.PGSQL/);
    return [...dumped, ...files, ...(await contents(storage, /^$/))];
  }

  it("yields no secret, in no usual spelling", async () => {
    const stolen = await loot();
    expect(find(secrets, stolen)).toEqual([]);
    // The same search does find what is there.
    const text = stolen.filter(({ bytes }) => bytes.includes(Buffer.from("Vault"))).map(({ path }) => path);
    expect(text).toContain("table cameras");
    expect(stolen.reduce((sum, { bytes }) => sum + bytes.byteLength, 0)).toBeGreaterThan(10_000);
  });

  it("is searched by a search that finds what lies open, in every spelling, in tables and in files", async () => {
    const careless = new Map([["careless secret", "left-in-the-open-4Kd8"]]);
    const [plain = ""] = careless.values();
    const { orm } = server.database;
    expect(find(careless, await loot())).toEqual([]);
    for (const value of [plain, Buffer.from(plain).toString("base64"), Buffer.from(plain).toString("hex")]) {
      await orm.execute(sql`insert into settings (name, value, updated_at) values ('careless', ${value}, now())
        on conflict (name) do update set value = excluded.value`);
      expect(find(careless, await loot())).toContain("careless secret in table settings");
    }
    await orm.execute(sql`delete from settings where name = 'careless'`);
    const file = join(storage, "careless.txt");
    await writeFile(file, Buffer.from(plain, "utf16le"));
    expect(find(careless, await loot())).toContain(`careless secret in ${file}`);
    await rm(file);
  });

  it("does not open with another root key", async () => {
    const rootKey = randomBytes(32);
    const opened = openKeys({ orm: server.database.orm, rootKey, clock: systemClock(), log: createLog("silent") });
    await expect(opened).rejects.toMatchObject({ code: "keys.wrong_root_key" });
  });

  it("every sealed column is known to the rotation, and none is sealed with an old key", async () => {
    const columns = await server.database.orm.execute<{ table: string; column: string }>(
      sql`select table_name as table, column_name as column from information_schema.columns
        where table_schema = 'public' and column_name like '%\\_sealed' order by 1, 2`,
    );
    const known = SEALED_COLUMNS.map(({ table, column }) => ({ table, column }));
    expect([...columns].map(({ table, column }) => `${table}.${column}`)).toEqual(
      known.map(({ table, column }) => `${table}.${column}`).sort(),
    );
    const counts = await server.keys.fields.countByKey();
    expect([...counts.keys()]).toEqual([server.keys.masterKeys.currentId]);
    expect(counts.get(server.keys.masterKeys.currentId)).toBeGreaterThanOrEqual(6);
  });

  it("a sealed value that was moved to another row does not open", async () => {
    const [row] = await server.database.orm.execute<{ id: string; password_sealed: string }>(
      sql`select id, password_sealed from cameras where password_sealed is not null`,
    );
    const value = row?.password_sealed ?? "";
    expect(value).toMatch(/^aria256gcm:\d+:/);
    const context = (id: string) => `cameras.password_sealed|${id}`;
    expect(server.keys.sealer.open(context(row?.id ?? ""), value)).toBe(NEW_CAMERA_PASSWORD);
    expect(() => server.keys.sealer.open(context(randomUUID()), value)).toThrow();
    expect(() => server.keys.sealer.open(context(row?.id ?? ""), value.replace(/.$/, "A"))).toThrow();
  });
});
