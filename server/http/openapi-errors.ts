import type { JsonSchema } from "./openapi-examples.ts";

interface ErrorCase {
  readonly description: string;
  readonly code: string;
  readonly message: string;
  readonly details?: readonly { readonly field: string; readonly message: string }[];
}

/** Every way in which a request fails, by status. The codes are examples of each kind. */
const CASES = {
  "400": {
    description: "A field does not fit; `details` names each",
    code: "request.invalid",
    message: "name: Too small: expected string to have >=1 characters",
    details: [{ field: "name", message: "Too small: expected string to have >=1 characters" }],
  },
  "401": { description: "Not signed in, or the token is over", code: "auth.required", message: "sign in first" },
  "403": { description: "Not permitted", code: "auth.forbidden", message: "not permitted" },
  "404": {
    description: "Not there, or not for the caller to know of",
    code: "camera.not_found",
    message: "there is no such camera",
  },
  "409": {
    description: "Does not go with what is there",
    code: "user.exists",
    message: "there is a user of that name",
    details: [{ field: "username", message: "there is a user of that name" }],
  },
  "413": {
    description: "The body is too large",
    code: "request.too_large",
    message: "the body is larger than 524288 bytes",
  },
  "429": {
    description: "Too many requests; `Retry-After` says for how long",
    code: "auth.rate_limited",
    message: "too many attempts, try again in 4 s",
  },
  "503": {
    description: "For the moment not possible; try again",
    code: "database.unavailable",
    message: "the database does not answer, try again shortly",
  },
} as const satisfies Record<string, ErrorCase>;

export type ErrorStatus = keyof typeof CASES;

export interface OperationShape {
  readonly open: boolean;
  readonly hasInput: boolean;
  readonly hasBody: boolean;
  readonly namesThing: boolean;
  readonly changes: boolean;
}

export function errorStatuses({ open, hasInput, hasBody, namesThing, changes }: OperationShape): ErrorStatus[] {
  return [
    ...(hasInput ? (["400"] as const) : []),
    ...(open ? [] : (["401", "403"] as const)),
    ...(namesThing ? (["404"] as const) : []),
    ...(changes ? (["409"] as const) : []),
    ...(hasBody ? (["413"] as const) : []),
    "429",
    "503",
  ];
}

/** `components.responses`: one for each status. */
export function errorResponses(schema: JsonSchema): Record<string, unknown> {
  const entries = Object.entries(CASES).map(([status, { description, ...error }]) => {
    const example = {
      success: false,
      error: { ...error, timestamp: "2026-03-14T09:26:53.000Z", requestId: "0b6c2f4e-6d0e-4b7e-9a53-3f1f2d9c8a10" },
    };
    return [`Error${status}`, { description, content: { "application/json": { schema, example } } }] as const;
  });
  return Object.fromEntries(entries);
}
