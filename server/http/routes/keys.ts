import { z } from "@hono/zod-openapi";
import { keyInventory, revokedKeys, revokeKeysRequest } from "../../../shared/api/keys.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["keys"];

export function keyRoutes(api: Api, { keyAdmin, users, audit }: AppDeps): void {
  api.add(
    needs("key.manage"),
    {
      method: "get",
      path: "/keys",
      tags,
      summary: "Keys that there are, without key material",
      responses: { 200: json(keyInventory) },
    },
    async (c) => c.json(await keyAdmin.inventory(), 200),
  );

  api.add(
    needs("key.manage"),
    {
      method: "post",
      path: "/keys/rotate",
      tags,
      summary: "Renew the master key; video keys and fields are wrapped anew, media is not touched",
      // An empty object, so that no cross-site form can send it.
      request: { body: jsonBody(z.object({})) },
      responses: { 202: json(keyInventory, "Begun") },
    },
    async (c) => {
      const masterKey = await keyAdmin.rotate();
      await audit.add({ ...actor(c), action: "key.rotate", target: String(masterKey) });
      return c.json(await keyAdmin.inventory(), 202);
    },
  );

  api.add(
    needs("key.manage"),
    {
      method: "post",
      path: "/keys/revoke",
      tags,
      summary: "Destroy a camera's video keys of some days: their footage can never be opened again",
      request: { body: jsonBody(revokeKeysRequest) },
      responses: { 200: json(revokedKeys) },
    },
    async (c) => {
      const { password, ...what } = c.req.valid("json");
      const { userId, username } = c.get("principal");
      await users.confirmPassword(userId, password, "password");
      const keys = await keyAdmin.revoke({ ...what, byName: username });
      const { cameraId, ...details } = what;
      await audit.add({ ...actor(c), action: "key.revoke", target: cameraId, details: { ...details, keys } });
      return c.json({ keys: keys.length }, 200);
    },
  );
}
