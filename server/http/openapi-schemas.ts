import type { JsonSchema } from "./openapi-examples.ts";

type Node = Record<string, unknown>;

/** In an answer a field with a default is always there. */
export function requireDefaults(schema: JsonSchema): JsonSchema {
  return mapSchema(schema, (one) => {
    if (one.properties === undefined) return one;
    const properties = Object.entries(one.properties);
    const withDefault = properties.filter(([, value]) => value.default !== undefined).map(([name]) => name);
    if (withDefault.length === 0) return one;
    const always = new Set([...(one.required ?? []), ...withDefault]);
    const cleaned = properties.map(([name, { default: _default, ...value }]) => [name, value] as const);
    const required = properties.map(([name]) => name).filter((name) => always.has(name));
    return { ...one, properties: Object.fromEntries(cleaned), required };
  });
}

/**
 * Replaces every schema that is known by a name with a reference to it, in place, and returns those that are used. What
 * is answered and what is asked for may differ (defaults): then the latter's name ends in `Input`.
 */
export function nameSchemas(document: object, named: ReadonlyMap<string, JsonSchema>): Record<string, JsonSchema> {
  const names = new Map<string, string>();
  const known = new Map<string, JsonSchema>();
  for (const [name, schema] of named) {
    const output = requireDefaults(schema);
    for (const [title, form] of [
      [name, output],
      [`${name}Input`, schema],
    ] as const) {
      const key = canonical(form);
      if (names.has(key)) continue;
      names.set(key, title);
      known.set(title, form);
    }
  }
  const used: Record<string, JsonSchema> = {};
  const replace = (value: unknown, isRoot: boolean): unknown => {
    if (Array.isArray(value)) return value.map((one) => replace(one, false));
    if (typeof value !== "object" || value === null) return value;
    const name = isRoot ? undefined : names.get(canonical(value));
    if (name !== undefined) {
      if (used[name] === undefined) {
        used[name] = {}; // Before its parts are looked at: one of them may name it.
        used[name] = replace(known.get(name), true) as JsonSchema;
      }
      return { $ref: `#/components/schemas/${name}` };
    }
    const entries = Object.entries(value).map(([key, one]) => [key, key === "example" ? one : replace(one, false)]);
    return Object.fromEntries(entries);
  };
  for (const [key, value] of Object.entries(document)) (document as Node)[key] = replace(value, false);
  return Object.fromEntries(Object.entries(used).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same text for the same schema, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => {
    if (typeof one !== "object" || one === null || Array.isArray(one)) return one;
    return Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

function mapSchema(schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (one: JsonSchema): JsonSchema => mapSchema(one, change);
  const { properties, items, prefixItems, anyOf, oneOf, allOf, additionalProperties } = schema;
  return change({
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, inner(one)])),
    }),
    ...(items && { items: inner(items) }),
    ...(prefixItems && { prefixItems: prefixItems.map(inner) }),
    ...(anyOf && { anyOf: anyOf.map(inner) }),
    ...(oneOf && { oneOf: oneOf.map(inner) }),
    ...(allOf && { allOf: allOf.map(inner) }),
    ...(typeof additionalProperties === "object" && { additionalProperties: inner(additionalProperties) }),
  });
}
