import { API_PREFIX, type Api } from "./api.ts";
import { errorResponses, errorStatuses } from "./openapi-errors.ts";
import { exampleOf, type JsonSchema } from "./openapi-examples.ts";
import { namedSchemas } from "./openapi-names.ts";
import { nameSchemas, requireDefaults } from "./openapi-schemas.ts";

interface Media {
  schema?: JsonSchema;
  example?: unknown;
}
interface Answer {
  description: string;
  content?: Record<string, Media>;
}
interface Parameter {
  name: string;
  in: string;
  schema?: JsonSchema;
  example?: unknown;
}
interface Operation {
  operationId?: string;
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { content?: Record<string, Media> };
  responses: Record<string, Answer | { $ref: string }>;
}
export interface OpenApiDocument {
  openapi: string;
  info: object;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, unknown>; securitySchemes: object };
}

const DESCRIPTION = `Times are ISO 8601 in UTC; fields that end in \`Micros\` are µs since 1970.

Requests carry \`Authorization: Bearer …\`: the access token of a session (POST ${API_PREFIX}/auth/login), or an API token
(\`fvt_…\`), which acts for its owner within its own permissions, cameras, networks and rate. Errors have one form
(\`ErrorBody\`); \`error.code\` is stable, the message is for people.`;

/**
 * The OpenAPI 3.1 document of everything that is registered: names for the schemas of shared/api, an example for every
 * body, parameter and answer, and the ways in which each request fails.
 */
export function openApiDocument(api: Api, version: string): OpenApiDocument {
  const raw = api.hono.getOpenAPI31Document({
    openapi: "3.1.0",
    info: { title: "FluxVision", version, description: DESCRIPTION },
  });
  const document = structuredClone(raw) as unknown as OpenApiDocument;
  const named = namedSchemas();
  const error = named.get("ErrorBody") ?? {};
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) complete(operation, method, path);
  }
  const { securitySchemes } = document.components;
  document.components = { securitySchemes, schemas: {}, responses: errorResponses(error) };
  const used = nameSchemas(document, named);
  document.components.schemas = used;
  return document;
}

function complete(operation: Operation, method: string, path: string): void {
  operation.operationId ??= operationId(method, path);
  for (const parameter of operation.parameters ?? []) {
    parameter.example ??= exampleOf(parameter.schema ?? {}, parameter.name);
  }
  for (const media of Object.values(operation.requestBody?.content ?? {})) giveExample(media);
  for (const answer of Object.values(operation.responses)) {
    if ("$ref" in answer) continue;
    for (const media of Object.values(answer.content ?? {})) {
      if (media.schema) media.schema = requireDefaults(media.schema);
      giveExample(media);
    }
  }
  const errors = errorStatuses({
    open: operation.security === undefined,
    hasInput: operation.requestBody !== undefined || (operation.parameters?.length ?? 0) > 0,
    hasBody: operation.requestBody !== undefined,
    namesThing: path.includes("{"),
    changes: method !== "get",
  });
  for (const status of errors) operation.responses[status] ??= { $ref: `#/components/responses/Error${status}` };
  delete operation.responses.default;
}

function giveExample(media: Media): void {
  if (media.schema !== undefined) media.example ??= exampleOf(media.schema);
}

/** `get /api/v1/cameras/{id}` is `getCamerasById`. */
export function operationId(method: string, path: string): string {
  // Outside of the API: probes and keys, some of which exist inside it too.
  const words = (path.startsWith(API_PREFIX) ? path.slice(API_PREFIX.length) : `/root${path}`)
    .split("/")
    .filter((part) => part !== "")
    .map((part) => part.replace(/^\{(\w+)\}$/, "by-$1").replace(/^\.well-known$/, "well-known"));
  const camel = words.join("-").replace(/[^A-Za-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase());
  return `${method}${camel.charAt(0).toUpperCase()}${camel.slice(1)}`;
}
