import { OpenAPIHono, z } from "@hono/zod-openapi";
import * as access from "../../shared/api/access.ts";
import * as audit from "../../shared/api/audit.ts";
import * as cases from "../../shared/api/cases.ts";
import * as config from "../../shared/api/config.ts";
import * as discovery from "../../shared/api/discovery.ts";
import * as identity from "../../shared/api/identity.ts";
import * as keys from "../../shared/api/keys.ts";
import * as recording from "../../shared/api/recording.ts";
import * as schemas from "../../shared/api/schemas.ts";
import * as storageTiers from "../../shared/api/storage-tiers.ts";
import * as storageUsage from "../../shared/api/storage-usage.ts";
import * as timelineMarks from "../../shared/api/timeline-marks.ts";
import * as tokens from "../../shared/api/tokens.ts";
import type { JsonSchema } from "./openapi-examples.ts";

/** Every module of shared/api: what they export as schemas is what clients know by name. */
const MODULES = {
  "schemas.ts": schemas,
  "access.ts": access,
  "audit.ts": audit,
  "cases.ts": cases,
  "config.ts": config,
  "discovery.ts": discovery,
  "identity.ts": identity,
  "keys.ts": keys,
  "recording.ts": recording,
  "storage-tiers.ts": storageTiers,
  "storage-usage.ts": storageUsage,
  "timeline-marks.ts": timelineMarks,
  "tokens.ts": tokens,
};
export const MODULE_FILES: readonly string[] = Object.keys(MODULES);

/** A schema under the name of its export: `camera` is `Camera`. Objects and choices only; a number needs no name. */
export function namedSchemas(): ReadonlyMap<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  for (const module of Object.values(MODULES)) {
    for (const [name, value] of Object.entries(module)) {
      if (!(value instanceof z.ZodType)) continue;
      const schema = converted(value);
      if (schema !== undefined) found.set(`${name.charAt(0).toUpperCase()}${name.slice(1)}`, schema);
    }
  }
  return found;
}

function converted(schema: z.ZodType): JsonSchema | undefined {
  const holder = new OpenAPIHono();
  // In the bundle, schemas are made before zod learns `openapi`: a copy made now has it.
  holder.openAPIRegistry.register("It", schema.clone());
  const document = holder.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "", version: "" } });
  const it = document.components?.schemas?.It as JsonSchema | undefined;
  return it?.type === "object" || it?.enum !== undefined || it?.anyOf !== undefined ? it : undefined;
}
