import { z } from "@hono/zod-openapi";
import {
  camera,
  createCameraRequest,
  probeRequest,
  probeResponse,
  updateCameraRequest,
} from "../../../shared/api/schemas.ts";
import { errorCode } from "../../../shared/lib/errors.ts";
import { parseCameraUrl } from "../../control/camera-url.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["cameras"];

export function cameraRoutes(api: Api, { cameras, audit }: AppDeps): void {
  api.add(
    needs("camera.list"),
    {
      method: "get",
      path: "/cameras",
      tags,
      summary: "Cameras that the caller may see",
      responses: { 200: json(z.array(camera)) },
    },
    (c) => c.json(cameras.list(c.get("principal")), 200),
  );

  api.add(
    needs("camera.manage"),
    {
      method: "post",
      path: "/cameras",
      tags,
      summary: "Add a camera",
      request: { body: jsonBody(createCameraRequest) },
      responses: { 201: json(camera, "Created") },
    },
    async (c) => {
      const created = await cameras.create(c.get("principal"), c.req.valid("json"));
      await audit.add({ ...actor(c), action: "camera.create", target: created.id, details: { name: created.name } });
      return c.json(created, 201);
    },
  );

  api.add(
    needs("camera.probe"),
    {
      method: "post",
      path: "/cameras/probe",
      tags,
      summary: "Connect once and show what is there; the picture only to those who may see the camera live",
      request: { body: jsonBody(probeRequest) },
      responses: { 200: json(probeResponse) },
    },
    async (c) => {
      const input = c.req.valid("json");
      const { host, port } = parseCameraUrl(input.url, "url");
      const of = input.cameraId === undefined ? {} : { cameraId: input.cameraId };
      const row = { ...actor(c), action: "camera.probe", target: `${host}:${port}`, ...of };
      const found = await cameras.probe(c.get("principal"), input).catch(async (error: unknown) => {
        await audit.add({ ...row, outcome: "failed", details: { code: errorCode(error) } });
        throw error;
      });
      await audit.add({ ...row, details: { picture: found.keyframe !== "" } });
      return c.json(found, 200);
    },
  );

  api.add(
    needs("camera.view", "id"),
    {
      method: "get",
      path: "/cameras/{id}",
      tags,
      summary: "One camera",
      request: { params: idParam },
      responses: { 200: json(camera) },
    },
    (c) => c.json(cameras.get(c.get("principal"), c.req.valid("param").id), 200),
  );

  api.add(
    needs("camera.manage", "id"),
    {
      method: "patch",
      path: "/cameras/{id}",
      tags,
      summary: "Change a camera; fields left out stay",
      request: { params: idParam, body: jsonBody(updateCameraRequest) },
      responses: { 200: json(camera) },
    },
    async (c) => {
      const input = c.req.valid("json");
      const changed = await cameras.update(c.get("principal"), c.req.valid("param").id, input);
      await audit.add({
        ...actor(c),
        action: "camera.update",
        target: changed.id,
        details: { name: changed.name, fields: Object.keys(input) },
      });
      return c.json(changed, 200);
    },
  );

  api.add(
    needs("camera.manage", "id"),
    {
      method: "delete",
      path: "/cameras/{id}",
      tags,
      summary: "Remove a camera",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const { name } = cameras.get(c.get("principal"), id);
      await cameras.remove(id);
      await audit.add({ ...actor(c), action: "camera.delete", target: id, details: { name } });
      return c.body(null, 204);
    },
  );
}
