import { z } from "@hono/zod-openapi";
import {
  createDeviceRequest,
  deviceChallenge,
  deviceChallengeRequest,
  deviceLink,
  deviceSession,
  deviceSessionRequest,
  enrolDeviceRequest,
  enrolledDevice,
  kioskDevice,
  updateDeviceRequest,
} from "../../../shared/api/tokens.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent, open } from "../api.ts";
import { kioskUser } from "../kiosk-user.ts";
import type { AppDeps } from "../types.ts";

const tags = ["devices"];

/** Wall displays, as an administrator sees them. */
export function deviceRoutes(api: Api, { devices, identity: { recent }, audit }: AppDeps): void {
  api.add(
    needs("device.manage"),
    { method: "get", path: "/devices", tags, summary: "Wall displays", responses: { 200: json(z.array(kioskDevice)) } },
    async (c) => c.json(await devices.list(), 200),
  );

  api.add(
    needs("device.manage"),
    {
      method: "post",
      path: "/devices",
      tags,
      summary: "Add a wall display; the code for its link is told in this answer and never again",
      request: { body: jsonBody(createDeviceRequest) },
      responses: { 201: json(deviceLink, "Created") },
    },
    async (c) => {
      const by = c.get("principal");
      // A link signs in whoever opens it, for as long as the display is there.
      await recent.require(by);
      const link = await devices.create(by, c.req.valid("json"));
      const { id, name, owner, layout, networks } = link.device;
      const details = { name, owner: owner.username, layout: layout?.name, networks };
      await audit.add({ ...actor(c), action: "device.create", target: id, details });
      return c.json(link, 201);
    },
  );

  api.add(
    needs("device.manage"),
    {
      method: "patch",
      path: "/devices/{id}",
      tags,
      summary: "Change a display's name, layout or networks; holds at once",
      request: { params: idParam, body: jsonBody(updateDeviceRequest) },
      responses: { 200: json(kioskDevice) },
    },
    async (c) => {
      const input = c.req.valid("json");
      const by = c.get("principal");
      await recent.require(by);
      const device = await devices.update(by, c.req.valid("param").id, input);
      const details = { fields: Object.keys(input), layout: device.layout?.name };
      await audit.add({ ...actor(c), action: "device.update", target: device.id, details });
      return c.json(device, 200);
    },
  );

  api.add(
    needs("device.manage"),
    {
      method: "post",
      path: "/devices/{id}/link",
      tags,
      summary: "A new one-time code: the display that opens it takes the place of the present one",
      request: { params: idParam },
      responses: { 200: json(deviceLink) },
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const by = c.get("principal");
      await recent.require(by);
      const link = await devices.renewLink(by, id);
      await audit.add({ ...actor(c), action: "device.link", target: id, details: { name: link.device.name } });
      return c.json(link, 200);
    },
  );

  api.add(
    needs("device.manage"),
    {
      method: "delete",
      path: "/devices/{id}",
      tags,
      summary: "Revoke a display: its picture ends at once",
      request: { params: idParam },
      responses: noContent,
    },
    async (c) => {
      const { id } = c.req.valid("param");
      const { name } = await devices.revoke(c.get("principal"), id);
      await audit.add({ ...actor(c), action: "device.revoke", target: id, details: { name } });
      return c.body(null, 204);
    },
  );
}

/** What the displays themselves call: they prove who they are with what they send. */
export function deviceSignInRoutes(api: Api, { devices, deviceSessions, audit }: AppDeps): void {
  api.add(
    open,
    {
      method: "post",
      path: "/devices/enrol",
      tags,
      summary: "A display opened its link: it gives the public half of the key that it made",
      request: { body: jsonBody(enrolDeviceRequest) },
      responses: { 200: json(enrolledDevice) },
    },
    async (c) => {
      const { code, publicKey } = c.req.valid("json");
      const ip = c.get("ip");
      const enrolled = await deviceSessions.enrol(code, publicKey, ip, c.req.header("user-agent") ?? "");
      const { deviceId, name } = enrolled;
      await audit.add({ action: "device.enrol", actorName: name, ip, target: deviceId, details: { name } });
      return c.json(enrolled, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/devices/challenge",
      tags,
      summary: "What a display has to sign to sign in; good for a minute, once",
      request: { body: jsonBody(deviceChallengeRequest) },
      responses: { 200: json(deviceChallenge) },
    },
    (c) => {
      const { challenge, expiresAt } = deviceSessions.challenge(c.req.valid("json").deviceId, c.get("ip"));
      return c.json({ challenge, expiresAt: expiresAt.toISOString() }, 200);
    },
  );

  api.add(
    open,
    {
      method: "post",
      path: "/devices/session",
      tags,
      summary: "Sign in as a display",
      request: { body: jsonBody(deviceSessionRequest) },
      responses: { 200: json(deviceSession) },
    },
    async (c) => {
      const { deviceId, challenge, signature } = c.req.valid("json");
      const { accessToken, expiresAt, principal } = await deviceSessions.signIn(
        deviceId,
        challenge,
        signature,
        c.get("ip"),
      );
      const layout = await devices.layoutOf(principal);
      const until = new Date(expiresAt / 1000).toISOString();
      return c.json({ accessToken, expiresAt: until, user: kioskUser(principal), layout }, 200);
    },
  );
}
