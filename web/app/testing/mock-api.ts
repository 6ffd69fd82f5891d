import { randomUUID } from "node:crypto";
import type { Bookmark } from "../../../shared/api/recording.ts";
import type { Camera, Layout, User } from "../../../shared/api/schemas.ts";
import type { CameraState } from "../../../shared/wire/control-messages.ts";
import { mockBookmark, mockDays, mockNearest, mockTimeline } from "./mock-archive.ts";

/** An in-memory /api/v1 for the console's own tests: enough behaviour to click through every screen. */

export interface MockReply {
  readonly status: number;
  readonly body?: unknown;
}

export interface MockState {
  cameras: Camera[];
  layouts: Layout[];
  users: User[];
  /** Answers every request with a gateway error. */
  down: boolean;
  /** Refuses every access token once, as an expired one. */
  expireToken: boolean;
  /** Refuses the refresh cookie. */
  expireSession: boolean;
  signedIn: boolean;
  bookmarks: Bookmark[];
}

const now = "2026-03-02T08:15:00.000Z";
export const ADMIN_ID = "0a000000-0000-4000-8000-000000000001";

export function mockUser(change: Partial<User> = {}): User {
  return {
    id: ADMIN_ID,
    username: "admin",
    displayName: "Min-jun Kim",
    role: "admin",
    enabled: true,
    language: "en",
    cameraIds: [],
    createdAt: now,
    lastLoginAt: now,
    ...change,
  };
}

/** The id's last letter is the fake engine's fate of the tile: 0 to 9 live, a offline, b codec, c credentials, d waiting. */
export function mockCamera(
  number: number,
  name: string,
  group: string,
  fate = "0",
  change: Partial<Camera> = {},
): Camera {
  const states: Readonly<Record<string, CameraState>> = {
    a: "offline",
    c: "unauthorised",
    d: "connecting",
    f: "disabled",
  };
  const state = states[fate] ?? "online";
  return {
    id: `${String(number).padStart(8, "0")}-0000-4000-8000-00000000000${fate}`,
    name,
    group,
    enabled: state !== "disabled",
    url: `rtsp://10.0.4.${number + 10}:554/stream1`,
    subUrl: `rtsp://10.0.4.${number + 10}:554/stream2`,
    username: "viewer",
    hasPassword: true,
    transport: "auto",
    allowUntrustedCertificate: false,
    status: {
      state,
      fps: state === "online" ? 15 : 0,
      bitrateKbps: state === "online" ? 512 : 0,
      codec: state === "offline" ? null : fate === "b" ? "h265" : "h264",
      width: 640,
      height: 360,
      lastFrameAt: state === "offline" ? null : now,
      reconnects: state === "online" ? 0 : 7,
      lastError: state === "offline" ? "connect ECONNREFUSED 10.0.4.17:554" : null,
      streams: [],
    },
    createdAt: now,
    ...change,
  };
}

export function demoCameras(): Camera[] {
  return [
    mockCamera(1, "Main entrance", "Building A/Floor 1"),
    mockCamera(2, "Lobby east", "Building A/Floor 1", "1"),
    mockCamera(3, "Corridor 2F", "Building A/Floor 2", "2"),
    mockCamera(4, "Server room", "Building A/Floor 2", "b"),
    mockCamera(5, "Parking north", "Outside/Parking", "3"),
    mockCamera(6, "Parking south", "Outside/Parking", "4"),
    mockCamera(7, "Loading dock", "Outside", "a"),
    mockCamera(8, "Perimeter fence west", "Outside", "5"),
    mockCamera(9, "주차장 출입구", "Outside/Parking", "6"),
  ];
}

export function mockState(change: Partial<MockState> = {}): MockState {
  return {
    cameras: demoCameras(),
    layouts: [],
    users: [
      mockUser(),
      mockUser({
        id: "0a000000-0000-4000-8000-000000000002",
        username: "control-room",
        displayName: "Control room",
        role: "operator",
      }),
      mockUser({
        id: "0a000000-0000-4000-8000-000000000003",
        username: "reception",
        displayName: "",
        role: "viewer",
        enabled: false,
        cameraIds: [demoCameras()[0]?.id ?? ""],
        lastLoginAt: null,
      }),
    ],
    down: false,
    expireToken: false,
    expireSession: false,
    signedIn: false,
    bookmarks: [],
    ...change,
  };
}

export function refusal(
  status: number,
  code: string,
  message: string,
  details?: { field: string; message: string }[],
): MockReply {
  return {
    status,
    body: {
      success: false,
      error: { code, message, ...(details ? { details } : {}), timestamp: now, requestId: "req-1" },
    },
  };
}

const session = (state: MockState): MockReply => {
  state.signedIn = true;
  const user = state.users[0] ?? mockUser();
  return { status: 200, body: { accessToken: "token", expiresAt: new Date(Date.now() + 900_000).toISOString(), user } };
};

/** `path` below /api/v1, without the query. */
export function mockApi(
  state: MockState,
  method: string,
  path: string,
  body: unknown,
  query: URLSearchParams = new URLSearchParams(),
): MockReply {
  if (state.down) return { status: 503 };
  const sent = (body ?? {}) as Record<string, unknown>;
  const route = `${method} ${path.replace(/\/[0-9a-f-]{36}$/, "/:id")}`;
  const id = path.slice(path.lastIndexOf("/") + 1);
  if (route === "GET /auth/status") return { status: 200, body: { setupRequired: false, version: "0.1.0" } };
  if (route === "GET /auth/options") {
    return { status: 200, body: { minPasswordLength: 12, providers: [], passkeys: false } };
  }
  if (route === "GET /auth/options") {
    return { status: 200, body: { minPasswordLength: 12, providers: [], passkeys: false } };
  }
  if (route === "POST /auth/login") {
    return sent.password === "wrong"
      ? refusal(401, "auth.bad_credentials", "wrong user name or password")
      : session(state);
  }
  if (route === "POST /auth/setup") return session(state);
  if (route === "POST /auth/logout") {
    state.signedIn = false;
    return { status: 204 };
  }
  if (route === "POST /auth/refresh") {
    return state.signedIn && !state.expireSession
      ? session(state)
      : refusal(401, "auth.invalid_refresh", "sign in again");
  }
  if (!state.signedIn || state.expireToken) {
    state.expireToken = false;
    return refusal(401, "auth.expired", "the access token has expired");
  }
  switch (route) {
    case "GET /live/config":
      return {
        status: 200,
        body: {
          webSocketPath: "/api/v1/live",
          webTransport: { port: 8443, path: "/live", certificateHash: null },
          quotaKbps: 50_000,
        },
      };
    case "GET /system/stats":
      return { status: 200, body: { cpu: 0.13, uptimeSeconds: 93_784, version: "0.1.0", database: "embedded" } };
    case "GET /system/setup":
    case "PUT /system/setup":
      return { status: 200, body: { step: "done", begun: false } };
    case "GET /storage/volumes":
      return { status: 200, body: [] };
    case "GET /recording/states":
      return { status: 200, body: { emergency: { on: false, sinceMicros: null, by: null }, cameras: [] } };
    case "GET /cameras":
      return { status: 200, body: state.cameras };
    case "POST /cameras": {
      if (String(sent.url).includes("bad")) {
        return refusal(400, "camera.bad_url", "host is not allowed", [
          { field: "url", message: "host is not allowed" },
        ]);
      }
      const camera = mockCamera(state.cameras.length + 1, String(sent.name), String(sent.group ?? ""));
      state.cameras.push(camera);
      return { status: 201, body: camera };
    }
    case "PATCH /cameras/:id": {
      state.cameras = state.cameras.map((camera) =>
        camera.id === id ? { ...camera, ...(sent as Partial<Camera>) } : camera,
      );
      return { status: 200, body: state.cameras.find((camera) => camera.id === id) };
    }
    case "DELETE /cameras/:id":
      state.cameras = state.cameras.filter((camera) => camera.id !== id);
      return { status: 204 };
    case "POST /cameras/probe":
      return refusal(422, "rtsp.unauthorised", "The camera refuses the user name or password (401, Digest)");
    case "GET /layouts":
      return { status: 200, body: state.layouts };
    case "POST /layouts": {
      const layout = { ...(sent as Omit<Layout, "id">), id: randomUUID(), ownerId: ADMIN_ID, updatedAt: now } as Layout;
      state.layouts.push(layout);
      return { status: 201, body: layout };
    }
    case "PUT /layouts/:id": {
      state.layouts = state.layouts.map((layout) =>
        layout.id === id ? { ...layout, ...(sent as Partial<Layout>) } : layout,
      );
      return { status: 200, body: state.layouts.find((layout) => layout.id === id) };
    }
    case "DELETE /layouts/:id":
      state.layouts = state.layouts.filter((layout) => layout.id !== id);
      return { status: 204 };
    case "GET /timeline":
      return { status: 200, body: mockTimeline(query, state.bookmarks) };
    case "GET /timeline/marks/nearest":
      return { status: 200, body: mockNearest(query, state.bookmarks) };
    case "GET /timeline/days":
      return { status: 200, body: mockDays(query) };
    case "GET /bookmarks": {
      const [wanted, tag] = [query.get("text") ?? "", query.get("tag")];
      const found = state.bookmarks.filter(
        ({ title, note, tags }) => `${title} ${note}`.includes(wanted) && (tag === null || tags.includes(tag)),
      );
      return { status: 200, body: found };
    }
    case "POST /bookmarks": {
      const made = mockBookmark(sent as Partial<Bookmark>);
      state.bookmarks.unshift(made);
      return { status: 201, body: made };
    }
    case "DELETE /bookmarks/:id":
      state.bookmarks = state.bookmarks.filter((bookmark) => bookmark.id !== id);
      return { status: 204 };
    case "GET /users":
      return { status: 200, body: state.users };
    case "POST /users": {
      const user = mockUser({
        ...(sent as Partial<User>),
        id: randomUUID(),
        displayName: String(sent.displayName ?? ""),
      });
      state.users.push(user);
      return { status: 201, body: user };
    }
    case "PATCH /profile": {
      state.users = state.users.map((user, at) => (at === 0 ? { ...user, ...(sent as Partial<User>) } : user));
      const { username, displayName, language } = state.users[0] ?? mockUser();
      const rest = { theme: "dark", hasPassword: true, providers: [] };
      return { status: 200, body: { username, displayName, language, ...rest } };
    }
    case "PATCH /users/:id": {
      state.users = state.users.map((user) => (user.id === id ? { ...user, ...(sent as Partial<User>) } : user));
      return { status: 200, body: state.users.find((user) => user.id === id) };
    }
    default:
      return refusal(404, "not_found", `${route} is not mocked`);
  }
}
