import { createPublicKey, verify } from "node:crypto";
import { expect, it } from "vitest";
import { ApiError } from "../../../api/api-error.ts";
import { displayFetch, enrol } from "./display-fetch.ts";
import { createDisplayKey, type DisplayIdentity, type DisplayStore } from "./display-key.ts";

/** What the page sends, and a server that answers each path with what the test says. */
function recorder(answers: Readonly<Record<string, () => Response>>) {
  const sent: { readonly path: string; readonly body: unknown }[] = [];
  const fetch = async (path: string, init?: RequestInit): Promise<Response> => {
    sent.push({ path, body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined });
    return (answers[path] ?? (() => new Response(null, { status: 404 })))();
  };
  return { fetch, sent };
}

function memory(identity?: DisplayIdentity): DisplayStore & { readonly kept: () => DisplayIdentity | undefined } {
  let kept = identity;
  return {
    load: async () => kept,
    save: async (next) => {
      kept = next;
    },
    kept: () => kept,
  };
}

const DEVICE = "0b6c2f4e-6d0e-4b7e-9a53-3f1f2d9c8a10";

it("renews the session by signing the server's challenge with the key of the browser", async () => {
  const { privateKey, publicKey } = await createDisplayKey();
  const { fetch, sent } = recorder({
    "/api/v1/devices/challenge": () => Response.json({ challenge: "n.1.m", expiresAt: "2026-03-14T09:26:53.000Z" }),
    "/api/v1/devices/session": () => Response.json({ accessToken: "t" }),
    "/api/v1/cameras": () => Response.json([]),
  });
  const display = displayFetch(fetch, memory({ deviceId: DEVICE, name: "Lobby", privateKey }));
  expect(await (await display("/api/v1/auth/refresh", { method: "POST" })).json()).toEqual({ accessToken: "t" });
  const [asked, proof] = sent;
  expect(asked).toEqual({ path: "/api/v1/devices/challenge", body: { deviceId: DEVICE } });
  const { challenge, signature } = (proof?.body ?? {}) as { challenge: string; signature: string };
  const point = Buffer.from(publicKey, "base64");
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString("base64url"));
  const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" }, format: "jwk" });
  const text = Buffer.from(`fluxvision device v1|${DEVICE}|${challenge}`);
  expect(verify("sha256", text, { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64"))).toBe(true);
  // Everything else goes out as it is; there is no cookie to end.
  expect((await display("/api/v1/cameras")).status).toBe(200);
  expect((await display("/api/v1/auth/logout", { method: "POST" })).status).toBe(204);
  expect(sent.map(({ path }) => path)).not.toContain("/api/v1/auth/logout");
});

it("is refused like a person whose session is over, without asking the server, where there is no key", async () => {
  const { fetch, sent } = recorder({});
  const answer = await displayFetch(fetch, memory())("/api/v1/auth/refresh", { method: "POST" });
  expect(answer.status).toBe(401);
  expect(sent).toEqual([]);
});

it("hands on what the server says to a challenge: a server that is away is no reason to end", async () => {
  const { privateKey } = await createDisplayKey();
  const { fetch } = recorder({ "/api/v1/devices/challenge": () => new Response(null, { status: 503 }) });
  const display = displayFetch(fetch, memory({ deviceId: DEVICE, name: "Lobby", privateKey }));
  expect((await display("/api/v1/auth/refresh", { method: "POST" })).status).toBe(503);
});

it("keeps a key that cannot be exported, and only after the server took the link", async () => {
  const store = memory();
  const enrolled = recorder({ "/api/v1/devices/enrol": () => Response.json({ deviceId: DEVICE, name: "Lobby" }) });
  await enrol(enrolled.fetch, store, "fve_code");
  const kept = store.kept();
  expect(kept).toMatchObject({ deviceId: DEVICE, name: "Lobby" });
  expect(kept?.privateKey.extractable).toBe(false);
  const { publicKey } = (enrolled.sent[0]?.body ?? {}) as { publicKey: string };
  expect(Buffer.from(publicKey, "base64")).toHaveLength(65);

  const other = memory();
  const error = { code: "device.bad_code", message: "this link is not valid any more" };
  const refused = recorder({
    "/api/v1/devices/enrol": () => Response.json({ success: false, error }, { status: 401 }),
  });
  await expect(enrol(refused.fetch, other, "fve_used")).rejects.toBeInstanceOf(ApiError);
  expect(other.kept()).toBeUndefined();
});
