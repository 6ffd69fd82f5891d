import type { Page } from "playwright-core";
import type { Camera, Session } from "../../shared/api/schemas.ts";
import { ADMIN_PASSWORD, type ServerUnderTest } from "./server-process.ts";

/** A signed-in caller of the REST API. */
export interface ApiClient {
  readonly session: Session;
  request<T>(method: string, path: string, body?: unknown): Promise<T>;
}

/** Signs in over REST. Rejects with the server's own words. */
export async function signIn(baseUrl: string, username = "admin", password = ADMIN_PASSWORD): Promise<ApiClient> {
  const session = await call<Session>(baseUrl, "POST", "/auth/login", { username, password });
  return {
    session,
    request: <T>(method: string, path: string, body?: unknown) =>
      call<T>(baseUrl, method, path, body, session.accessToken),
  };
}

async function call<T>(baseUrl: string, method: string, path: string, body?: unknown, token?: string): Promise<T> {
  const response = await fetch(`${baseUrl}/api/v1${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

export async function addCamera(api: ApiClient, name: string, url: string, subUrl?: string): Promise<string> {
  const body = { name, url, ...(subUrl === undefined ? {} : { subUrl }) };
  return (await api.request<Camera>("POST", "/cameras", body)).id;
}

export interface WallPageOptions {
  readonly kiosk?: boolean;
  readonly transport?: "websocket" | "webtransport";
  readonly username?: string;
  readonly password?: string;
}

/** Signs in through the sign-in page, as a person would, and waits for the wall. */
export async function openWall(
  page: Page,
  server: Pick<ServerUnderTest, "url">,
  options: WallPageOptions = {},
): Promise<void> {
  const query = new URLSearchParams();
  if (options.kiosk) query.set("kiosk", "1");
  if (options.transport !== undefined) query.set("transport", options.transport);
  const search = query.size === 0 ? "" : `?${query}`;
  await page.goto(`${server.url}/${search}`);
  await page.locator('input[autocomplete="username"]').fill(options.username ?? "admin");
  await page.locator('input[autocomplete="current-password"]').fill(options.password ?? ADMIN_PASSWORD);
  await page.locator('button[type="submit"]').click();
  await page.waitForSelector("canvas");
}
