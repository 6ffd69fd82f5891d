import { describe, expect, test } from "vitest";
import { ApiError, fieldMessage, isUnreachable, NETWORK_ERROR } from "./api-error.ts";
import { createHttpClient, type Fetch } from "./http-client.ts";
import { shouldRetry } from "./queries.ts";

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
const refused = (status: number, code: string, details?: object[]): Response =>
  json(status, { success: false, error: { code, message: `said ${code}`, details, timestamp: "", requestId: "r-1" } });

/** A server that knows one good token. */
function world(options: { good: string; refreshTo: string | undefined; current: string }) {
  let token: string | undefined = options.current;
  let refreshes = 0;
  const seen: (string | null)[] = [];
  const fetch: Fetch = async (_url, init) => {
    const sent = new Headers(init?.headers).get("authorization");
    seen.push(sent);
    return sent === `Bearer ${options.good}` ? json(200, { ok: true }) : refused(401, "auth.expired");
  };
  const client = createHttpClient(fetch, {
    token: () => token,
    refresh: async () => {
      refreshes += 1;
      await Promise.resolve();
      token = options.refreshTo;
      return token;
    },
  });
  return { client, seen, refreshes: () => refreshes, setToken: (next: string) => (token = next) };
}

async function failure(run: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe("access tokens", () => {
  test("a 401 is answered by one refresh and one second try", async () => {
    const { client, seen, refreshes } = world({ good: "new", refreshTo: "new", current: "old" });
    expect(await client.request("GET", "/cameras")).toEqual({ ok: true });
    expect(seen).toEqual(["Bearer old", "Bearer new"]);
    expect(refreshes()).toBe(1);
  });

  test("a token that is refused again is not refreshed in a loop", async () => {
    const { client, seen, refreshes } = world({ good: "none", refreshTo: "new", current: "old" });
    expect((await failure(client.request("GET", "/cameras"))).code).toBe("auth.expired");
    expect(seen).toHaveLength(2);
    expect(refreshes()).toBe(1);
  });

  test("the end of the session is the first answer", async () => {
    const { client, seen } = world({ good: "x", refreshTo: undefined, current: "old" });
    expect((await failure(client.request("GET", "/cameras"))).status).toBe(401);
    expect(seen).toEqual(["Bearer old"]);
  });

  test("a token that somebody else renewed meanwhile is used without a refresh", async () => {
    const parts = world({ good: "new", refreshTo: "unused", current: "old" });
    const pending = parts.client.request("GET", "/cameras");
    parts.setToken("new");
    expect(await pending).toEqual({ ok: true });
    expect(parts.refreshes()).toBe(0);
  });
});

describe("answers", () => {
  const client = (answer: () => Response | Promise<Response>) =>
    createHttpClient(async () => answer(), { token: () => "t", refresh: async () => undefined });

  test("no content is undefined", async () => {
    expect(await client(() => new Response(null, { status: 204 })).request("DELETE", "/cameras/1")).toBeUndefined();
  });

  test("the server's error body becomes code, message, fields and the request's id", async () => {
    const details = [{ field: "body.url", message: "host is not allowed" }];
    const error = await failure(
      client(() => refused(400, "camera.bad_url", details)).request("POST", "/cameras", { body: {} }),
    );
    expect(error).toMatchObject({
      status: 400,
      code: "camera.bad_url",
      message: "said camera.bad_url",
      requestId: "r-1",
    });
    expect(fieldMessage(error, "url")).toBe("host is not allowed");
    expect(fieldMessage(error, "subUrl")).toBeUndefined();
    expect(isUnreachable(error)).toBe(false);
  });

  test("a gateway's page is not a server", async () => {
    const error = await failure(client(() => new Response("<html>", { status: 502 })).request("GET", "/cameras"));
    expect(error.code).toBe("http.502");
    expect(isUnreachable(error)).toBe(true);
  });

  test("a busy server is there", async () => {
    expect(isUnreachable(await failure(client(() => refused(503, "probe.busy")).request("GET", "/x")))).toBe(false);
    expect(isUnreachable(await failure(client(() => refused(503, "database.unavailable")).request("GET", "/x")))).toBe(
      true,
    );
  });

  test("no answer at all", async () => {
    const error = await failure(
      client(() => Promise.reject(new TypeError("Failed to fetch"))).request("GET", "/cameras"),
    );
    expect(error.code).toBe(NETWORK_ERROR);
    expect(isUnreachable(error)).toBe(true);
  });

  test("a page instead of JSON is an error, not a crash later", async () => {
    const error = await failure(
      client(() => new Response("<!doctype html>", { status: 200 })).request("GET", "/cameras"),
    );
    expect(error.code).toBe("http.not_json");
  });

  test("an aborted request rejects with the abort", async () => {
    const abort = new AbortController();
    const hanging = createHttpClient(
      (_url, init) =>
        new Promise((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(new Error("aborted")))),
      { token: () => "t", refresh: async () => undefined },
    );
    const pending = hanging.request("GET", "/cameras", { signal: abort.signal });
    abort.abort();
    await expect(pending).rejects.toThrow("aborted");
  });
});

test("only what may heal is tried again", () => {
  const unreachable = new ApiError(NETWORK_ERROR, "", { status: 0 });
  expect([0, 1, 2, 3].map((failures) => shouldRetry(failures, unreachable))).toEqual([true, true, true, false]);
  expect(shouldRetry(0, new ApiError("auth.forbidden", "", { status: 403 }))).toBe(false);
  expect(shouldRetry(0, new TypeError("bug"))).toBe(false);
});
