import { z } from "@hono/zod-openapi";
import {
  exportedKey,
  exportKeyRequest,
  keyInventory,
  keySchedule,
  revokedKeys,
  revokeKeysRequest,
  videoKeyPage,
  videoKeyQuery,
} from "../../../shared/api/keys.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { can } from "../../auth/policy.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["keys"];

export function keyRoutes(api: Api, { keyAdmin, identity, audit }: AppDeps): void {
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
      await identity.recent.confirm(c.get("principal"), password);
      const { cameraId, ...details } = what;
      const about = { ...actor(c), target: cameraId, cameraId };
      // Before it is done: it cannot be undone, and nobody shall do it unseen.
      await audit.require({ ...about, action: "key.revoke_asked", details });
      const keys = await keyAdmin.revoke({ ...what, byName: c.get("principal").username });
      await audit.add({ ...about, action: "key.revoke", details: { ...details, keys } });
      return c.json({ keys: keys.length }, 200);
    },
  );

  api.add(
    needs("key.manage"),
    {
      method: "get",
      path: "/keys/video",
      tags,
      summary: "Video keys, newest first, without key material",
      request: { query: videoKeyQuery },
      responses: { 200: json(videoKeyPage) },
    },
    async (c) => c.json(await keyAdmin.videoKeys(c.req.valid("query")), 200),
  );

  api.add(
    needs("key.manage"),
    {
      method: "put",
      path: "/keys/schedule",
      tags,
      summary: "At which age the master key is renewed",
      request: { body: jsonBody(keySchedule) },
      responses: { 200: json(keyInventory) },
    },
    async (c) => {
      const { rotationDays: to } = c.req.valid("json");
      const from = await keyAdmin.schedule.days();
      await keyAdmin.schedule.setDays(to);
      await audit.add({ ...actor(c), action: "key.schedule", changes: [{ field: "rotationDays", from, to }] });
      return c.json(await keyAdmin.inventory(), 200);
    },
  );

  api.add(
    needs("key.export"),
    {
      method: "post",
      path: "/keys/export",
      tags,
      summary: "A camera's key of one day, wrapped for a recipient: it opens that day's footage of that camera",
      request: { body: jsonBody(exportKeyRequest) },
      responses: { 200: json(exportedKey) },
    },
    async (c) => {
      const { password, recipient, cameraId, utcDay, reason } = c.req.valid("json");
      // The key opens what was recorded: whoever keeps keys and may not take recordings away, may not take this away either.
      for (const action of ["archive.view", "archive.export", "audio.hear"] as const) {
        if (can(c.get("principal"), action, cameraId)) continue;
        throw new FluxError("auth.forbidden", "not permitted to take this camera's recordings away", {
          field: "cameraId",
        });
      }
      await identity.recent.confirm(c.get("principal"), password);
      const file = await keyAdmin.export(cameraId, utcDay, recipient);
      const { keyIds, recipient: fingerprint } = file;
      const to = fingerprint === null ? "passphrase" : fingerprint;
      const details = { utcDay, reason, keyIds, recipient: to };
      // Without its row the key does not leave.
      await audit.require({ ...actor(c), action: "key.export", target: cameraId, cameraId, details });
      c.header("Cache-Control", "no-store");
      return c.json({ ...file, keyIds: [...keyIds] }, 200);
    },
  );
}
