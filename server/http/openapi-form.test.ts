import { describe, expect, it } from "vitest";
import { z } from "zod";
import { describeApi } from "./describe.ts";

/** OpenAPI 3.1, as far as this document goes: an unknown key is a mistake, in a schema as anywhere. */
const TYPES = ["string", "integer", "number", "boolean", "null", "array", "object"] as const;
const regular = z.string().refine((text) => new RegExp(text, "u"), "no expression");
const reference = z.strictObject({ $ref: z.string().regex(/^#\/components\/(schemas|responses)\/[A-Za-z0-9]+$/) });
const schema: z.ZodType = z.lazy(() =>
  z.union([
    reference,
    z
      .strictObject({
        type: z.union([z.enum(TYPES), z.array(z.enum(TYPES)).min(1)]),
        format: z.string(),
        enum: z.array(z.unknown()).min(1),
        const: z.unknown(),
        default: z.unknown(),
        pattern: regular,
        minLength: z.number().int().min(0),
        maxLength: z.number().int().min(0),
        minimum: z.number(),
        // A number since JSON Schema 2020-12; it was a boolean before.
        exclusiveMinimum: z.number(),
        maximum: z.number(),
        minItems: z.number().int().min(0),
        maxItems: z.number().int().min(0),
        items: schema,
        prefixItems: z.array(schema).min(1),
        properties: z.record(z.string(), schema),
        required: z.array(z.string()).min(1),
        additionalProperties: z.union([z.boolean(), schema]),
        propertyNames: schema,
        anyOf: z.array(schema).min(1),
        oneOf: z.array(schema).min(1),
        allOf: z.array(schema).min(1),
        description: z.string(),
      })
      .partial()
      .refine(
        ({ required = [], properties = {} }) => required.every((name) => name in properties),
        "what is required has to be there",
      ),
  ]),
);
const media = z.strictObject({ schema, example: z.unknown() });
const content = z.record(z.string().regex(/^[\w.+-]+\/[\w.+*-]+$/), media);
const response = z.union([
  reference,
  z.strictObject({
    description: z.string().min(1),
    content: content.optional(),
    headers: z.record(z.string(), z.object({ schema })).optional(),
  }),
]);
const parameter = z.strictObject({
  name: z.string().min(1),
  in: z.enum(["path", "query", "header", "cookie"]),
  required: z.boolean().optional(),
  description: z.string().optional(),
  schema,
  example: z.unknown(),
});
const operation = z.strictObject({
  operationId: z.string().regex(/^[a-z][A-Za-z0-9]*$/),
  tags: z.array(z.string()).min(1),
  summary: z.string().min(3).max(160),
  description: z.string().optional(),
  security: z.array(z.strictObject({ bearer: z.array(z.never()) })).optional(),
  parameters: z.array(parameter).optional(),
  requestBody: z.strictObject({ content, required: z.boolean(), description: z.string().optional() }).optional(),
  responses: z.record(z.string().regex(/^[1-5]\d\d$/), response),
});
const document = z.strictObject({
  openapi: z.string().regex(/^3\.1\.\d$/),
  info: z.object({ title: z.string().min(1), version: z.string().min(1) }),
  paths: z.record(
    z.string().startsWith("/"),
    z.partialRecord(z.enum(["get", "post", "put", "patch", "delete"]), operation),
  ),
  webhooks: z.strictObject({}).optional(),
  components: z.strictObject({
    schemas: z.record(z.string().regex(/^[A-Z]\w*$/), schema),
    responses: z.record(z.string(), response),
    securitySchemes: z.strictObject({
      bearer: z.strictObject({ type: z.literal("http"), scheme: z.literal("bearer"), bearerFormat: z.string() }),
    }),
  }),
});

describe("the form of the API's document", () => {
  const described: unknown = JSON.parse(JSON.stringify(describeApi()));

  it("is OpenAPI 3.1", () => {
    const result = document.safeParse(described);
    expect(result.error?.issues.slice(0, 5) ?? []).toEqual([]);
  });

  it("gives every part of an address a parameter, and none to what is not there", () => {
    const wrong: string[] = [];
    for (const [path, methods] of Object.entries(document.parse(described).paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
      for (const [method, { parameters = [] }] of Object.entries(methods)) {
        const given = parameters.filter((one) => one.in === "path");
        const names = given.map(({ name }) => name).sort();
        if (names.join() !== inPath.join() || given.some(({ required }) => required !== true)) {
          wrong.push(`${method} ${path}`);
        }
        const all = parameters.map((one) => `${one.in} ${one.name}`);
        if (new Set(all).size !== all.length) wrong.push(`${method} ${path}: twice`);
      }
    }
    expect(wrong).toEqual([]);
  });
});
