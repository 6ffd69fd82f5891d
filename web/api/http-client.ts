import { ApiError, errorFromResponse, NETWORK_ERROR } from "./api-error.ts";

export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

/** Where the client gets its bearer token. */
export interface TokenSource {
  token(): string | undefined;
  /** A newer token after a 401; undefined when the session is over. Concurrent calls share one refresh. */
  refresh(): Promise<string | undefined>;
}

export interface RequestOptions {
  readonly body?: unknown;
  /** In place of `body`: JSON as it goes out. */
  readonly text?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpClient {
  /** With a token, and once more with a newer one after a 401. Rejects with `ApiError`; so every response is a success. */
  send(method: string, path: string, options?: RequestOptions): Promise<Response>;
  /** Resolves to the JSON body, or undefined for 204. Rejects with `ApiError`. */
  request<T>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, options?: RequestOptions): Promise<T>;
}

export const API_BASE = "/api/v1";

/** One fetch, without tokens or retries. Rejects with `ApiError` only (or the signal's abort reason). */
export async function send(fetch: Fetch, path: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${API_BASE}${path}`, { credentials: "same-origin", ...init });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(NETWORK_ERROR, "The server does not answer", { status: 0, cause });
  }
  if (!response.ok) throw await errorFromResponse(response);
  return response;
}

export async function readJson<T>(response: Response): Promise<T> {
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new ApiError("http.not_json", "The server's answer is not JSON", { status: response.status, cause });
  }
}

export function jsonInit(method: string, token: string | undefined, options: RequestOptions): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  const text = options.text ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
  if (text !== undefined) headers["content-type"] = "application/json";
  return {
    method,
    headers,
    ...(text === undefined ? {} : { body: text }),
    ...(options.signal ? { signal: options.signal } : {}),
  };
}

export function createHttpClient(fetch: Fetch, tokens: TokenSource): HttpClient {
  const sendWithToken: HttpClient["send"] = async (method, path, options = {}) => {
    const attempt = (token: string | undefined): Promise<Response> =>
      send(fetch, path, jsonInit(method, token, options));
    const sent = tokens.token();
    try {
      return await attempt(sent);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      // Somebody else may have refreshed while this request was under way.
      const current = tokens.token();
      const fresh = current !== undefined && current !== sent ? current : await tokens.refresh();
      if (fresh === undefined) throw error;
      return await attempt(fresh);
    }
  };
  return {
    send: sendWithToken,
    request: async (method, path, options) => readJson(await sendWithToken(method, path, options)),
  };
}
