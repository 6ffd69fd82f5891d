import { z } from "@hono/zod-openapi";
import {
  cameraEventRequest,
  effectivePolicy,
  emergencyRecordingRequest,
  emergencyState,
  manualRecordingRequest,
  policyScope,
  recordingPolicy,
  recordingState,
  scopedPolicy,
} from "../../../shared/api/recording.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import type { Emergency } from "../../archive/recording-control.ts";
import { can } from "../../auth/policy.ts";
import { actor } from "../actor.ts";
import { type Api, idParam, json, jsonBody, needs, noContent } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["recording"];
const MANUAL_SECONDS = 30 * 60;

const emergencyBody = (emergency: Emergency | undefined) => ({
  on: emergency !== undefined,
  sinceMicros: emergency?.sinceMicros ?? null,
  by: emergency?.by ?? null,
});

/** What is recorded when: settings, and what people do about it now. */
export function recordingControlRoutes(api: Api, deps: AppDeps): void {
  policyRoutes(api, deps);
  triggerRoutes(api, deps);
}

function policyRoutes(api: Api, { archive, cameras, audit }: AppDeps): void {
  api.add(
    needs("recording.manage"),
    {
      method: "get",
      path: "/recording/policies",
      tags,
      summary: "Settings of every scope that has some",
      responses: { 200: json(z.array(scopedPolicy)) },
    },
    (c) => c.json([...archive.policies.all], 200),
  );
  api.add(
    needs("recording.manage"),
    {
      method: "put",
      path: "/recording/policies",
      tags,
      summary: "Replace the settings of one scope; null is inherited",
      request: { body: jsonBody(scopedPolicy.extend({ policy: recordingPolicy.strict() })) },
      responses: { 200: json(scopedPolicy) },
    },
    async (c) => {
      const body = c.req.valid("json");
      if (body.scope === "camera") cameras.get(c.get("principal"), body.target);
      const stored = await archive.policies.put(body);
      archive.control.review();
      const details = { scope: body.scope, policy: body.policy };
      await audit.add({ ...actor(c), action: "recording.policy", target: body.target, details });
      return c.json(stored, 200);
    },
  );
  api.add(
    needs("recording.manage"),
    {
      method: "delete",
      path: "/recording/policies",
      tags,
      summary: "Inherit everything again",
      request: { query: z.object({ scope: policyScope, target: z.string().max(400) }) },
      responses: noContent,
    },
    async (c) => {
      const { scope, target } = c.req.valid("query");
      if (!archive.policies.all.some((policy) => policy.scope === scope && policy.target === target)) {
        throw new FluxError("recording.no_policy", "nothing is set there");
      }
      await archive.policies.remove(scope, target);
      archive.control.review();
      await audit.add({ ...actor(c), action: "recording.policy_removed", target, details: { scope } });
      return c.body(null, 204);
    },
  );
  api.add(
    needs("archive.view", "id"),
    {
      method: "get",
      path: "/cameras/{id}/recording",
      tags,
      summary: "A camera's settings, each with where it comes from, and what is recorded now",
      request: { params: idParam },
      responses: { 200: json(z.object({ policy: effectivePolicy, state: recordingState })) },
    },
    (c) => {
      const { id, group } = cameras.get(c.get("principal"), c.req.valid("param").id);
      const { control } = archive;
      return c.json({ policy: control.policyOf({ id, group }), state: control.state({ id, group }) }, 200);
    },
  );
}

function triggerRoutes(api: Api, { archive, cameras, audit, clock }: AppDeps): void {
  api.add(
    needs("archive.view"),
    {
      method: "get",
      path: "/recording/states",
      tags,
      summary: "What is recorded now, camera by camera",
      responses: { 200: json(z.object({ emergency: emergencyState, cameras: z.array(recordingState) })) },
    },
    (c) => {
      const states = cameras.list(c.get("principal")).map(({ id, group }) => archive.control.state({ id, group }));
      return c.json({ emergency: emergencyBody(archive.control.emergency), cameras: states }, 200);
    },
  );
  api.add(
    needs("recording.trigger", "id"),
    {
      method: "post",
      path: "/cameras/{id}/recording/manual",
      tags,
      summary: "Record now, whatever the settings say, for a while",
      request: { params: idParam, body: jsonBody(manualRecordingRequest) },
      responses: { 200: json(recordingState) },
    },
    async (c) => {
      const { id, group } = cameras.get(c.get("principal"), c.req.valid("param").id);
      const { on, seconds = MANUAL_SECONDS } = c.req.valid("json");
      archive.control.setManual(id, on, seconds);
      const action = on ? "recording.manual_start" : "recording.manual_stop";
      await audit.add({ ...actor(c), action, target: id, ...(on ? { details: { seconds } } : {}) });
      return c.json(archive.control.state({ id, group }), 200);
    },
  );
  api.add(
    needs("recording.emergency"),
    {
      method: "post",
      path: "/recording/emergency",
      tags,
      summary: "Record every camera until this is taken back",
      request: { body: jsonBody(emergencyRecordingRequest) },
      responses: { 200: json(emergencyState) },
    },
    async (c) => {
      const { on, reason } = c.req.valid("json");
      await archive.control.setEmergency(on, c.get("principal").username);
      const action = on ? "recording.emergency_start" : "recording.emergency_stop";
      await audit.add({ ...actor(c), action, ...(reason === undefined ? {} : { details: { reason } }) });
      return c.json(emergencyBody(archive.control.emergency), 200);
    },
  );
  api.add(
    needs("recording.trigger", "id"),
    {
      method: "post",
      path: "/cameras/{id}/events",
      tags,
      summary: "Something happened at a camera: on the timeline, and a reason to record",
      request: { params: idParam, body: jsonBody(cameraEventRequest) },
      responses: noContent,
    },
    async (c) => {
      const { id } = cameras.get(c.get("principal"), c.req.valid("param").id);
      if (!can(c.get("principal"), "archive.view", id))
        throw new FluxError("camera.not_found", "there is no such camera");
      const body = c.req.valid("json");
      const startMicros = body.startMicros ?? clock.utcMicros();
      const endMicros = body.endMicros ?? startMicros;
      if (endMicros < startMicros) {
        throw new FluxError("recording.bad_range", "lies before the start", { field: "endMicros" });
      }
      await archive.cameraEvent(id, { kind: body.kind, title: body.title, startMicros, endMicros });
      return c.body(null, 204);
    },
  );
}
