import { type SignInStep, signInStep } from "../../shared/api/identity.ts";
import type { Camera, ErrorBody, Session } from "../../shared/api/schemas.ts";
import { FluxError } from "../../shared/lib/errors.ts";

/** A running server, as somebody who signed in to it. */
export interface ApiClient {
  /** Throws what the server answers, with its code. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** What `call` would read, as it comes. */
  get(path: string): Promise<Response>;
}

/**
 * Signs in. Where a second factor is asked for, `nextLine` gives the code of the authenticator app. Throws the server's refusals,
 * `auth.factor_needed` for an account that only a browser can sign in.
 */
export async function signIn(
  server: URL,
  username: string,
  nextLine: () => Promise<string>,
): Promise<ApiClient & { readonly password: string }> {
  const password = await nextLine();
  let answer = await request(server, "POST", "/auth/login", { username, password });
  if (answer.status === 202) {
    const step: SignInStep = signInStep.parse(await answer.json());
    if (!("methods" in step) || !step.methods.includes("totp")) {
      throw new FluxError("auth.factor_needed", "this account signs in with a browser");
    }
    answer = await request(server, "POST", "/auth/factor/totp", { token: step.token, code: await nextLine() });
  }
  const { accessToken } = (await answer.json()) as Session;
  return {
    password,
    get: (path) => request(server, "GET", path, undefined, accessToken),
    call: async <T>(method: string, path: string, body?: unknown) => {
      const response = await request(server, method, path, body, accessToken);
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
  };
}

/**
 * The id of a camera that is named by its id or its name. Footage and keys outlive their cameras: what looks like an id is taken
 * as it is. Throws `camera.not_found`.
 */
export async function findCamera(client: ApiClient, wanted: string): Promise<string> {
  const cameras = await client.call<Camera[]>("GET", "/cameras");
  const [found, another] = cameras.filter(({ id, name }) => id === wanted || name === wanted);
  if (another) throw new FluxError("camera.not_found", `several cameras are called ${wanted}: give the id`);
  if (!found && /^[0-9a-f-]{36}$/.test(wanted)) return wanted;
  if (!found) throw new FluxError("camera.not_found", `there is no camera ${wanted}`);
  return found.id;
}

async function request(server: URL, method: string, path: string, body?: unknown, token?: string): Promise<Response> {
  const response = await fetch(new URL(`/api/v1${path}`, server), {
    method,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  const { error } = (await response.json()) as ErrorBody;
  throw new FluxError(error.code, error.message);
}
