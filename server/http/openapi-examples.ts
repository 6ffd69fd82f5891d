/** A schema of the OpenAPI document (JSON Schema 2020-12), as far as ours go. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly default?: unknown;
  readonly example?: unknown;
  readonly items?: JsonSchema;
  readonly prefixItems?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

const UUID = "0b6c2f4e-6d0e-4b7e-9a53-3f1f2d9c8a10";
const TIME = "2026-03-14T09:26:53.000Z";
const START_MICROS = 1_773_480_000_000_000;
const POINT = Buffer.from([4, ...new Array<number>(64).fill(7)]).toString("base64");

/** What a field of this name looks like, where its schema leaves it open. */
const BY_NAME: Readonly<Record<string, unknown>> = {
  name: "Lobby entrance",
  username: "j.park",
  displayName: "Jimin Park",
  owner: "j.park",
  password: "copper-lantern-orbit-19",
  currentPassword: "copper-lantern-orbit-19",
  newPassword: "violet-harbour-raft-42",
  passphrase: "copper-lantern-orbit-19",
  url: "rtsp://192.0.2.20/main",
  subUrl: "rtsp://192.0.2.20/sub",
  group: "Seoul/Building A/Ground floor",
  path: "Seoul/Building A",
  title: "Delivery at the side door",
  note: "Two people, one van",
  reason: "Request of the police, file 2026/118",
  tags: "delivery",
  tag: "delivery",
  code: "camera.not_found",
  message: "there is no such camera",
  field: "name",
  codec: "h264",
  codecString: "avc1.640028",
  width: 1920,
  height: 1080,
  fps: 25,
  cpu: 0.21,
  progress: 0.5,
  month: "2026-03",
  timeZone: "Asia/Seoul",
  networks: "10.20.0.0/16",
  ip: "192.0.2.7",
  lastUsedIp: "192.0.2.7",
  lastSeenIp: "192.0.2.7",
  hint: "fvt_aB3x",
  secret: "fvt_aB3xExampleOnlyExampleOnlyExampleOnly000000",
  startMicros: START_MICROS,
  endMicros: START_MICROS + 60_000_000,
  fromMicros: START_MICROS,
  sinceMicros: START_MICROS,
  firstMicros: START_MICROS,
  lastMicros: START_MICROS + 60_000_000,
  resolutionMicros: 1_000_000,
  day: "2026-03-14",
  date: "2026-03-14",
  cameras: UUID,
  camera: UUID,
  start: TIME,
  end: TIME,
  publicKey: POINT,
  signature: Buffer.alloc(64, 7).toString("base64"),
  sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  fileName: "lobby-2026-03-14.zip",
  version: "1.0.0",
  location: "/srv/video",
  kind: "motion",
  kinds: "event,bookmark",
  email: "j.park@example.com",
  accessToken: "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIwYjZjIn0.c2lnbmF0dXJl",
  issuer: "https://id.example.com",
  address: "192.0.2.20",
  agent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140",
  userAgent: "Mozilla/5.0 (X11; Linux x86_64) Chrome/140",
  requestId: UUID,
  reference: "2026/118",
  text: "Seen again at 10:40",
};

/** By the form that a string must have, where no name fits. */
const STRINGS: readonly string[] = [
  "text",
  UUID,
  TIME,
  "2026-03",
  "2026-03-14",
  "09:30",
  "motion",
  "live.view",
  "123456",
  "https://id.example.com/",
  "#3b82f6",
  Buffer.alloc(32, 7).toString("base64url"),
  Buffer.alloc(32, 7).toString("hex"),
  "ABCDE-FGHJK",
  // A day of a recording schedule: half hours.
  "c".repeat(48),
];

/** An example of a schema, made from its fields' names and limits. The same every time. */
export function exampleOf(schema: JsonSchema, name = ""): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum.find((value) => value !== null) ?? null;
  const variants = schema.anyOf ?? schema.oneOf;
  if (variants !== undefined) return exampleOf(variants.find((one) => one.type !== "null") ?? {}, name);
  if (schema.allOf !== undefined) {
    return Object.assign({}, ...schema.allOf.map((one) => exampleOf(one, name)));
  }
  switch (typeOf(schema)) {
    case "object":
      return objectExample(schema);
    case "array":
      return arrayExample(schema, name);
    case "string":
      return stringExample(schema, name);
    case "integer":
    case "number":
      return numberExample(schema, name);
    case "boolean":
      return schema.default ?? true;
    case "null":
      return null;
    default:
      return schema.default ?? BY_NAME[name] ?? {};
  }
}

function typeOf({ type, properties }: JsonSchema): string | undefined {
  if (typeof type === "string") return type;
  return type?.find((one) => one !== "null") ?? (properties === undefined ? undefined : "object");
}

function objectExample({ properties = {}, additionalProperties }: JsonSchema): unknown {
  const fields = Object.entries(properties).map(([key, value]) => [key, exampleOf(value, key)] as const);
  if (fields.length === 0 && typeof additionalProperties === "object") {
    return { example: exampleOf(additionalProperties) };
  }
  return Object.fromEntries(fields);
}

function arrayExample({ prefixItems, items, minItems = 1 }: JsonSchema, name: string): unknown {
  if (prefixItems !== undefined) return prefixItems.map((item) => exampleOf(item, name));
  if (items === undefined) return [];
  const one = exampleOf(items, name === "cameraIds" ? "cameraId" : name);
  return Array.from({ length: Math.max(1, Math.min(minItems, 200)) }, () => one);
}

function stringExample(schema: JsonSchema, name: string): string {
  const named = BY_NAME[name];
  const byFormat: Readonly<Record<string, string>> = {
    uuid: UUID,
    "date-time": TIME,
    date: "2026-03-14",
    uri: "https://id.example.com",
    ipv4: "192.0.2.20",
    ipv6: "2001:db8::20",
  };
  const formatted = byFormat[schema.format ?? ""];
  const byKind = schema.format === "uri" ? [named, formatted] : [formatted, named];
  const given = [schema.default, ...byKind, ...STRINGS].filter((one) => typeof one === "string");
  return given.find((text) => fits(text, schema)) ?? "x".repeat(schema.minLength ?? 1);
}

function fits(text: string, { pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: JsonSchema): boolean {
  if (text.length < minLength || text.length > maxLength) return false;
  if (pattern === undefined) return true;
  // The document knows no flags: what was /u or /i in the schema reads the same to it.
  return new RegExp(pattern, "u").test(text);
}

function numberExample(schema: JsonSchema, name: string): number {
  const {
    minimum = Number.NEGATIVE_INFINITY,
    exclusiveMinimum = Number.NEGATIVE_INFINITY,
    maximum = Infinity,
  } = schema;
  const inside = (value: unknown): value is number =>
    typeof value === "number" && value >= minimum && value > exclusiveMinimum && value <= maximum;
  const guesses = [schema.default, BY_NAME[name], 12, 1, 0, Math.max(minimum, exclusiveMinimum + 1), maximum];
  return guesses.find(inside) ?? 0;
}
