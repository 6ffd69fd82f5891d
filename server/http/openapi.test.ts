import { readdir } from "node:fs/promises";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { startTestServer } from "../testkit/test-server.ts";
import { Api } from "./api.ts";
import { describeApi } from "./describe.ts";
import { type OpenApiDocument, operationId } from "./openapi.ts";
import { MODULE_FILES } from "./openapi-names.ts";

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: z.ZodType }>>;
}
interface Described {
  readonly type: string;
  readonly route?: {
    readonly method: string;
    readonly path: string;
    readonly request?: { readonly body?: Content };
    readonly responses: Readonly<Record<string, Content>>;
  };
}

/** What is no part of the API: pages, the files of the web app, and the answer to what does not exist. */
const NO_API = /^(ALL \/\*|ALL \/api\/\*|GET \/docs(\/.*)?|GET \/\*)$/;

describe("the API's document", () => {
  let document: OpenApiDocument;
  let registered: { method: string; path: string }[];
  beforeAll(async () => {
    const server = await startTestServer();
    registered = [...server.app.routes];
    document = (await (await server.call("GET", "/api/v1/openapi.json")).json()) as OpenApiDocument;
    await server.close();
  });

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
    );

  it("names every registered route", () => {
    const described = new Set(operations().map(({ name }) => name));
    const missing = registered
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)(\{[^}]*\})?/g, "{$1}")}`)
      .filter((name) => !NO_API.test(name) && !described.has(name));
    expect([...new Set(missing)]).toEqual([]);
    expect(described.size).toBeGreaterThan(60);
  });

  it("has an example for every body, parameter and answer, and says how each request fails", () => {
    const lacking: string[] = [];
    for (const { name, operation } of operations()) {
      for (const { name: parameter, example } of operation.parameters ?? []) {
        if (example === undefined) lacking.push(`${name} ?${parameter}`);
      }
      const answers = Object.entries(operation.responses);
      const bodies = [
        ["request", operation.requestBody] as const,
        ...answers.flatMap(([status, answer]) => ("$ref" in answer ? [] : [[status, answer] as const])),
      ];
      for (const [where, body] of bodies) {
        for (const [type, media] of Object.entries(body?.content ?? {})) {
          if (media.schema === undefined || media.example === undefined) lacking.push(`${name} ${where} ${type}`);
        }
      }
      const statuses = answers.map(([status]) => status);
      if (!statuses.some((status) => /^[123]/.test(status))) lacking.push(`${name} success`);
      if (operation.security !== undefined && !statuses.includes("401")) lacking.push(`${name} 401`);
      if (operation.requestBody !== undefined && !statuses.includes("400")) lacking.push(`${name} 400`);
      if (!statuses.includes("429")) lacking.push(`${name} 429`);
    }
    expect(lacking).toEqual([]);
    for (const answer of Object.values(document.components.responses)) {
      expect(answer).toMatchObject({ content: { "application/json": { example: { success: false } } } });
    }
  });

  it("gives every operation a name of its own", () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(operationId("get", "/api/v1/cameras/{id}")).toBe("getCamerasById");
  });

  it("has examples that the server itself would accept", () => {
    const wrong: string[] = [];
    for (const { type, route } of registeredSchemas()) {
      if (type !== "route" || route === undefined) continue;
      const operation = document.paths[route.path]?.[route.method];
      const name = `${route.method.toUpperCase()} ${route.path}`;
      const check = (where: string, schema: z.ZodType | undefined, example: unknown): void => {
        const result = schema?.safeParse(example);
        if (result?.success === false) wrong.push(`${name} ${where}: ${JSON.stringify(result.error.issues[0])}`);
      };
      const json = "application/json";
      check("request", route.request?.body?.content?.[json]?.schema, operation?.requestBody?.content?.[json]?.example);
      for (const [status, answer] of Object.entries(route.responses)) {
        const described = operation?.responses[status];
        if (status === "default" || described === undefined || "$ref" in described) continue;
        check(status, answer.content?.[json]?.schema, described.content?.[json]?.example);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("refers to nothing that it lacks, and knows every module of shared/api", async () => {
    const text = JSON.stringify(document);
    for (const [, section = "", name = ""] of text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)) {
      const known = document.components[section as "schemas" | "responses"];
      expect(Object.keys(known), name).toContain(name);
    }
    const files = (await readdir(new URL("../../shared/api/", import.meta.url))).filter((file) =>
      /(?<!\.test)\.ts$/.test(file),
    );
    expect([...MODULE_FILES].sort()).toEqual(files.sort());
  });

  it("is the same without a server: clients are generated from that", () => {
    const { info: _info, ...described } = describeApi();
    const { info: _same, ...served } = document;
    expect(JSON.parse(JSON.stringify(described))).toEqual(served);
  });
});

/** The schemas as the routes have them, each route registered with services that do nothing. */
function registeredSchemas(): readonly Described[] {
  const seen: Described[] = [];
  const add = Api.prototype.add;
  Api.prototype.add = function (this: Api, ...args: Parameters<typeof add>) {
    add.apply(this, args);
    seen.splice(0, seen.length, ...(this.hono.openAPIRegistry.definitions as readonly Described[]));
  } as typeof add;
  try {
    describeApi();
  } finally {
    Api.prototype.add = add;
  }
  return seen;
}
