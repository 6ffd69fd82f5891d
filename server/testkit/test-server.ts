import { randomBytes } from "node:crypto";
import type { Camera, Role, Session, User } from "../../shared/api/schemas.ts";
import { type Clock, systemClock } from "../../shared/lib/clock.ts";
import { createLog } from "../core/log.ts";
import type { DiscoveryParts } from "../discovery/discovery-service.ts";
import type { RegisteredRoute } from "../http/api.ts";
import { createApp } from "../http/app.ts";
import type { App } from "../http/types.ts";
import { type Keys, openKeys } from "../keys/open-keys.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { type Control, createControl } from "./control.ts";
import { FakeMedia } from "./fake-media.ts";
import { type DatabaseKind, embedded, type TempDatabase } from "./temp-db.ts";

export const ADMIN_PASSWORD = "correct horse battery";

/** The control side and the HTTP app on a real database, without sockets and media. */
export interface TestServer {
  readonly app: App;
  readonly routes: readonly RegisteredRoute[];
  readonly database: TempDatabase;
  readonly media: FakeMedia;
  readonly keys: Keys;
  readonly control: Control;
  /** One request; `token` and `body` are put where they belong. */
  call(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** Signs in and resolves to the session and its refresh cookie. */
  login(username: string, password?: string): Promise<Session & { cookie: string }>;
  addUser(username: string, role: Role, cameraIds?: readonly string[]): Promise<User>;
  addCamera(name: string): Promise<Camera>;
  close(): Promise<void>;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface TestServerOptions {
  readonly kind?: DatabaseKind;
  readonly clock?: Clock;
  readonly webRoot?: string;
  readonly outbound?: OutboundGuard;
  readonly discoveryProbe?: DiscoveryParts["probe"];
  readonly acmeWebroot?: string;
  /** False: no users, as on a first start. */
  readonly admin?: boolean;
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { kind = embedded, clock = systemClock(), webRoot, admin = true } = options;
  const database = await kind.open();
  const log = createLog("silent");
  const media = new FakeMedia();
  const keys = await openKeys({ orm: database.orm, rootKey: randomBytes(32), clock, log });
  const control = await createControl({
    database,
    keys,
    media,
    clock,
    log,
    version: "0.0.0-test",
    generationOf: () => 1,
    passwordIterations: 1000,
    ...(options.outbound ? { outbound: options.outbound } : {}),
    ...(options.discoveryProbe ? { discoveryProbe: options.discoveryProbe } : {}),
  });
  await keys.generations.record(1);
  if (admin) await control.setup.createAdmin(ADMIN_PASSWORD);
  const { app, routes } = createApp({
    ...control,
    clock,
    log,
    version: "0.0.0-test",
    live: () => ({ webSocketPath: "/api/v1/live", webTransport: null, quotaKbps: 50_000 }),
    databasePing: () => database.ping(),
    allowedOrigins: ["https://friend.example"],
    webRoot,
    acmeWebroot: options.acmeWebroot,
  });

  const call = async (method: string, path: string, { token, body, headers }: CallOptions = {}): Promise<Response> =>
    app.request(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });

  const login: TestServer["login"] = async (username, password = ADMIN_PASSWORD) => {
    const response = await call("POST", "/api/v1/auth/login", { body: { username, password } });
    if (response.status !== 200) throw new Error(`login answered ${response.status}: ${await response.text()}`);
    const [cookie = ""] = (response.headers.get("set-cookie") ?? "").split(";");
    return { ...((await response.json()) as Session), cookie };
  };

  let adminToken: string | undefined;
  const asAdmin = async <T>(path: string, body: unknown): Promise<T> => {
    adminToken ??= (await login("admin")).accessToken;
    const response = await call("POST", path, { token: adminToken, body });
    if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  };

  return {
    app,
    routes,
    database,
    media,
    keys,
    control,
    call,
    login,
    addUser: (username, role, cameraIds = []) =>
      asAdmin("/api/v1/users", { username, role, cameraIds, password: ADMIN_PASSWORD }),
    addCamera: (name) => asAdmin("/api/v1/cameras", { name, url: `rtsp://10.0.0.1/${encodeURIComponent(name)}` }),
    close: async () => {
      await control.close();
      await database.close();
    },
  };
}
