import { storageUsage, volumeTestRequest, volumeTestResult } from "../../../shared/api/storage-usage.ts";
import { ArchiveUsage } from "../../archive/usage.ts";
import { testFolder } from "../../archive/volume-test.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

/** What recordings take, and what a place for them is like. */
export function recordingUsageRoutes(api: Api, { orm, clock, audit }: AppDeps): void {
  const usage = new ArchiveUsage(orm, clock);
  api.add(
    needs("recording.manage"),
    {
      method: "get",
      path: "/recording/usage",
      tags: ["recording"],
      summary: "Bytes and hours recorded, by camera and by volume; at most a minute old",
      responses: { 200: json(storageUsage) },
    },
    async (c) => c.json(await usage.read(), 200),
  );
  api.add(
    needs("storage.manage"),
    {
      method: "post",
      path: "/storage/folder-test",
      tags: ["storage"],
      summary: "Write, flush, read back and remove a file in a folder that may become a volume",
      request: { body: jsonBody(volumeTestRequest) },
      responses: { 200: json(volumeTestResult) },
    },
    async (c) => {
      const { location } = c.req.valid("json");
      const result = await testFolder(location, clock);
      await audit.add({ ...actor(c), action: "storage.test", details: { location, ok: result.ok } });
      return c.json(result, 200);
    },
  );
}
