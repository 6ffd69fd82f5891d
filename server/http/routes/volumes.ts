import { z } from "@hono/zod-openapi";
import { storageVolume, storageVolumeBody } from "../../../shared/api/recording.ts";
import { tierStatus } from "../../../shared/api/storage-tiers.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["storage"];

export function volumeRoutes(api: Api, { archive, audit }: AppDeps): void {
  const { volumes } = archive;
  const one = async (id: string) => {
    const found = (await volumes.list()).find((volume) => volume.id === id);
    if (!found) throw new FluxError("storage.not_found", "there is no such volume");
    return found;
  };

  api.add(
    needs("storage.manage"),
    {
      method: "get",
      path: "/storage/volumes",
      tags,
      summary: "Where recordings lie, and how the places are",
      responses: { 200: json(z.array(storageVolume)) },
    },
    async (c) => c.json(await volumes.list(), 200),
  );
  api.add(
    needs("storage.manage"),
    {
      method: "post",
      path: "/storage/volumes",
      tags,
      summary: "Add a folder or bucket",
      request: { body: jsonBody(storageVolumeBody) },
      responses: { 201: json(storageVolume, "Created") },
    },
    async (c) => {
      const body = c.req.valid("json");
      const id = await volumes.create(body);
      const { accessKeyId: _key, secretAccessKey: _secret, ...details } = body;
      await audit.add({ ...actor(c), action: "storage.add", target: id, details });
      return c.json(await one(id), 201);
    },
  );
  api.add(
    needs("storage.manage"),
    {
      method: "put",
      path: "/storage/volumes/{id}",
      tags,
      summary: "Change a volume",
      request: { params: idParam, body: jsonBody(storageVolumeBody) },
      responses: { 200: json(storageVolume) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const body = c.req.valid("json");
      await volumes.update(id, body);
      const { accessKeyId: _key, secretAccessKey: _secret, ...details } = body;
      await audit.add({ ...actor(c), action: "storage.change", target: id, details });
      return c.json(await one(id), 200);
    },
  );
  api.add(
    needs("storage.manage"),
    {
      method: "delete",
      path: "/storage/volumes/{id}",
      tags,
      summary: "Forget a volume that holds no recordings",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      await volumes.remove(id);
      await audit.add({ ...actor(c), action: "storage.remove", target: id });
      return c.body(null, 204);
    },
  );
  tierRoutes(api, { archive, audit });
}

/** Recordings on their way to the warm and the cold tier. */
function tierRoutes(api: Api, { archive, audit }: Pick<AppDeps, "archive" | "audit">): void {
  api.add(
    needs("storage.manage"),
    {
      method: "get",
      path: "/storage/tiers",
      tags,
      summary: "What moves between the tiers, what waits, and what went wrong",
      responses: { 200: json(tierStatus) },
    },
    async (c) => c.json(await archive.mover.status(), 200),
  );
  api.add(
    needs("storage.manage"),
    {
      method: "post",
      path: "/storage/tiers/run",
      tags,
      summary: "Move now what is due, also to volumes that failed before",
      responses: noContent,
    },
    async (c) => {
      archive.mover.resume();
      await audit.add({ ...actor(c), action: "storage.move_now" });
      return c.body(null, 204);
    },
  );
}
