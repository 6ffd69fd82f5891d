import createClient, { type Client } from "openapi-fetch";
import { ApiError } from "./api-error.ts";
import type { paths } from "./generated/schema.ts";
import type { HttpClient } from "./http-client.ts";

/** The API as its own document describes it: paths, parameters, bodies and answers are checked by the compiler. */
export type TypedClient = Client<paths>;

/** `fetch` insists on whole addresses; only what follows the origin is used. */
const ANY_ORIGIN = "http://api.invalid";

/** Requests go out through `http`: tokens, their renewal and errors are its business. */
export function createTypedClient(http: HttpClient): TypedClient {
  return createClient<paths>({
    baseUrl: ANY_ORIGIN,
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const text = request.body === null ? undefined : await request.text();
      return http.send(request.method, `${pathname}${search}`, {
        ...(text === undefined || text === "" ? {} : { text }),
        signal: request.signal,
      });
    },
  });
}

/** The body of an answer. Refusals never get here: `http` rejects with an `ApiError`. */
export async function data<T>(call: Promise<{ data?: T; response: Response }>): Promise<T> {
  try {
    return (await call).data as T;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ApiError("http.not_json", "The server's answer is not JSON", { status: 200, cause });
  }
}

/** What is undefined or empty is left out of an address. */
export function given<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== "")) as T;
}
