import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  discoveredCamera,
  findStreamsRequest,
  foundStreams,
  scanRequest,
  serverPlace,
  setupProgress,
  setupProgressBody,
} from "../../../shared/api/discovery.ts";
import { errorCode } from "../../../shared/lib/errors.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps, AppEnv } from "../types.ts";

/** Finding cameras, and the first set-up. */
export function discoveryRoutes(api: Api, { discovery, serverPlaces, audit }: AppDeps): void {
  const tags = ["discovery"];
  /** Also what failed: a range that is not to be asked is what somebody tries who looks for more than cameras. */
  const noted = async <T>(
    c: Context<AppEnv>,
    what: { readonly action: string; readonly target?: string },
    run: () => Promise<T[]>,
  ): Promise<T[]> => {
    try {
      const found = await run();
      await audit.add({ ...actor(c), ...what, details: { found: found.length } });
      return found;
    } catch (error) {
      await audit.add({ ...actor(c), ...what, outcome: "failed", details: { code: errorCode(error) } });
      throw error;
    }
  };
  api.add(
    needs("camera.discover"),
    {
      method: "get",
      path: "/discovery/networks",
      tags,
      summary: "Private networks of this machine",
      responses: { 200: json(z.array(z.string())) },
    },
    (c) => c.json(discovery.networks(), 200),
  );
  api.add(
    needs("camera.discover"),
    {
      method: "post",
      path: "/discovery/search",
      tags,
      summary: "Search for ONVIF cameras (WS-Discovery); takes four seconds",
      responses: { 200: json(z.array(discoveredCamera)) },
    },
    async (c) => {
      const found = await noted(c, { action: "discovery.search" }, () => discovery.search());
      return c.json(found, 200);
    },
  );
  api.add(
    needs("camera.discover"),
    {
      method: "post",
      path: "/discovery/scan",
      tags,
      summary: "Ask every address of a range of a private network whether it speaks RTSP",
      request: { body: jsonBody(scanRequest) },
      responses: { 200: json(z.array(discoveredCamera)) },
    },
    async (c) => {
      const { range, port } = c.req.valid("json");
      const found = await noted(c, { action: "discovery.scan", target: `${range} port ${port}` }, () =>
        discovery.scan(range, port),
      );
      return c.json(found, 200);
    },
  );
  api.add(
    needs("camera.discover"),
    {
      method: "post",
      path: "/discovery/streams",
      tags,
      summary: "Find out under which addresses a device offers its streams",
      request: { body: jsonBody(findStreamsRequest) },
      responses: { 200: json(foundStreams) },
    },
    async (c) => {
      const body = c.req.valid("json");
      const found = await discovery.findStreams(c.get("principal"), body);
      await audit.add({ ...actor(c), action: "discovery.streams", target: `${body.address}:${body.port}` });
      return c.json(found, 200);
    },
  );
  setupRoutes(api, { serverPlaces, audit });
}

function setupRoutes(api: Api, { serverPlaces: places, audit }: Pick<AppDeps, "serverPlaces" | "audit">): void {
  const tags = ["system"];
  api.add(
    needs("live.connect"),
    {
      method: "get",
      path: "/system/place",
      tags,
      summary: "Time zone and language of the server",
      responses: { 200: json(serverPlace) },
    },
    async (c) => c.json(await places.place(), 200),
  );
  api.add(
    needs("system.manage"),
    {
      method: "put",
      path: "/system/place",
      tags,
      summary: "Set time zone and language of the server",
      request: { body: jsonBody(serverPlace) },
      responses: noContent,
    },
    async (c) => {
      const place = c.req.valid("json");
      const before = await places.place();
      await places.setPlace(place);
      await audit.add({ ...actor(c), action: "system.place", details: { before, after: place } });
      return c.body(null, 204);
    },
  );
  api.add(
    needs("system.manage"),
    {
      method: "get",
      path: "/system/setup",
      tags,
      summary: "How far the first set-up has come",
      responses: { 200: json(setupProgress) },
    },
    async (c) => c.json(await places.progress(), 200),
  );
  api.add(
    needs("system.manage"),
    {
      method: "put",
      path: "/system/setup",
      tags,
      summary: "Go on with the first set-up, or end it",
      request: { body: jsonBody(setupProgressBody) },
      responses: noContent,
    },
    async (c) => {
      const { step } = c.req.valid("json");
      await places.setProgress(step);
      await audit.add({ ...actor(c), action: "system.setup", details: { step } });
      return c.body(null, 204);
    },
  );
}
