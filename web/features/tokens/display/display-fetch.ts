import type { z } from "zod";
import type { deviceChallenge, enrolledDevice } from "../../../../shared/api/tokens.ts";
import { API_BASE, type Fetch, jsonInit, readJson, send } from "../../../api/http-client.ts";
import { createDisplayKey, type DisplayStore, signChallenge } from "./display-key.ts";

/** Whoever opens this page is a display, whatever else the browser is signed in to. */
export const DISPLAY_PATH = "/display";

/**
 * The page's `fetch` on a display. Where a person's session is renewed with a cookie, a display's is by signing a
 * challenge: everything else of the console works as it is.
 */
export function displayFetch(fetch: Fetch, store: DisplayStore): Fetch {
  return async (input, init) => {
    if (input === `${API_BASE}/auth/refresh`) return signIn(fetch, store, init?.signal ?? undefined);
    // There is no cookie to end.
    if (input === `${API_BASE}/auth/logout`) return new Response(null, { status: 204 });
    return fetch(input, init);
  };
}

async function signIn(fetch: Fetch, store: DisplayStore, signal: AbortSignal | undefined): Promise<Response> {
  const identity = await store.load();
  if (identity === undefined) return refusal();
  const { deviceId } = identity;
  const post = (path: string, body: unknown): Promise<Response> =>
    fetch(`${API_BASE}${path}`, {
      credentials: "omit",
      ...jsonInit("POST", undefined, { body, ...(signal === undefined ? {} : { signal }) }),
    });
  const asked = await post("/devices/challenge", { deviceId });
  if (!asked.ok) return asked;
  const { challenge } = await readJson<z.infer<typeof deviceChallenge>>(asked);
  return post("/devices/session", { deviceId, challenge, signature: await signChallenge(identity, challenge) });
}

function refusal(): Response {
  const error = { code: "device.not_paired", message: "this browser is no display" };
  return Response.json({ success: false, error }, { status: 401 });
}

/** Makes this browser the display of a one-time link. Rejects with `ApiError` (`device.bad_code`). */
export async function enrol(fetch: Fetch, store: DisplayStore, code: string): Promise<void> {
  const { privateKey, publicKey } = await createDisplayKey();
  const answer = await send(fetch, "/devices/enrol", jsonInit("POST", undefined, { body: { code, publicKey } }));
  const { deviceId, name } = await readJson<z.infer<typeof enrolledDevice>>(answer);
  await store.save({ deviceId, name, privateKey });
}
