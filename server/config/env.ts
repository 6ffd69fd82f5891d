import { availableParallelism, networkInterfaces } from "node:os";
import { join, resolve } from "node:path";
import { FluxError } from "../../shared/lib/errors.ts";
import type { OutboundSettings } from "../net/outbound-settings.ts";
import type { FrontSettings } from "../relay/front/front-settings.ts";
import { type Environment, environment } from "./schema.ts";
import { closest } from "./suggest.ts";

/** The server's settings, parsed once at start. Paths are absolute. */
export interface Config {
  readonly dataDir: string;
  readonly storageDir: string;
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number;
  readonly tlsFiles: { readonly certificate: string; readonly privateKey: string } | undefined;
  readonly demo: boolean;
  readonly adminPassword: string | undefined;
  readonly logLevel: Environment["FLUXVISION_LOG_LEVEL"];
  readonly allowedOrigins: readonly string[];
  readonly rootKey: string | undefined;
  /** Program and arguments that print the root key. */
  readonly rootKeyCommand: readonly string[] | undefined;
  readonly quotaKbps: number;
  readonly workers: number;
  readonly flushMs: number;
  readonly databaseUrl: string | undefined;
  /** What the server may connect to on somebody's behalf. */
  readonly outbound: OutboundSettings;
  /** How the public listeners treat those who come. */
  readonly front: Partial<FrontSettings>;
  readonly acmeWebroot: string | undefined;
}

const PREFIX = "FLUXVISION_";

/** The environment of this process. Nothing else in the server reads `process.env`. */
export function loadConfig(): Config {
  return parseConfig(process.env, process.cwd());
}

/** Throws `config.unknown` or `config.invalid`, naming the variable; values are never repeated (they may be secret). */
export function parseConfig(env: Readonly<Record<string, string | undefined>>, workingDir: string): Config {
  const known = Object.keys(environment.shape);
  for (const name of Object.keys(env)) {
    if (!name.startsWith(PREFIX) || known.includes(name)) continue;
    const guess = closest(name, known);
    const hint = guess === undefined ? `known are ${known.join(", ")}` : `did you mean ${guess}?`;
    throw new FluxError("config.unknown", `${name} is not a setting: ${hint}`, { field: name });
  }
  // An empty value means "not set": compose files write `NAME: ${NAME:-}`.
  const given = Object.fromEntries(known.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const parsed = environment.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const name = String(issue?.path[0] ?? "environment");
    throw new FluxError("config.invalid", `${name}: ${issue?.message ?? "is not valid"}`, { field: name });
  }
  return toConfig(parsed.data, workingDir);
}

function toConfig(values: Environment, workingDir: string): Config {
  const { FLUXVISION_TLS_CERT: certificate, FLUXVISION_TLS_KEY: privateKey } = values;
  if ((certificate === undefined) !== (privateKey === undefined)) {
    const missing = certificate === undefined ? "FLUXVISION_TLS_CERT" : "FLUXVISION_TLS_KEY";
    throw new FluxError("config.invalid", `${missing}: certificate and key must be given together`, { field: missing });
  }
  if (values.FLUXVISION_ROOT_KEY !== undefined && values.FLUXVISION_ROOT_KEY_COMMAND !== undefined) {
    const field = "FLUXVISION_ROOT_KEY_COMMAND";
    throw new FluxError("config.invalid", `${field}: FLUXVISION_ROOT_KEY is set too; give one of them`, { field });
  }
  const dataDir = resolve(workingDir, values.FLUXVISION_DATA_DIR);
  return {
    dataDir,
    storageDir: values.FLUXVISION_STORAGE_DIR
      ? resolve(workingDir, values.FLUXVISION_STORAGE_DIR)
      : join(dataDir, "storage"),
    host: values.FLUXVISION_HOST ?? anyAddress(),
    port: values.FLUXVISION_PORT,
    tlsPort: values.FLUXVISION_TLS_PORT,
    tlsFiles:
      certificate !== undefined && privateKey !== undefined
        ? { certificate: resolve(workingDir, certificate), privateKey: resolve(workingDir, privateKey) }
        : undefined,
    demo: values.FLUXVISION_DEMO,
    adminPassword: values.FLUXVISION_ADMIN_PASSWORD,
    logLevel: values.FLUXVISION_LOG_LEVEL,
    allowedOrigins: values.FLUXVISION_ALLOWED_ORIGINS,
    rootKey: values.FLUXVISION_ROOT_KEY,
    rootKeyCommand: values.FLUXVISION_ROOT_KEY_COMMAND,
    quotaKbps: values.FLUXVISION_QUOTA_KBPS,
    workers: values.FLUXVISION_WORKERS ?? Math.min(2, availableParallelism()),
    flushMs: values.FLUXVISION_FLUSH_MS,
    databaseUrl: values.DATABASE_URL,
    front: {
      trustedProxies: values.FLUXVISION_TRUSTED_PROXIES,
      insecureHttp: values.FLUXVISION_INSECURE_HTTP,
      requestsPerSecond: values.FLUXVISION_REQUESTS_PER_SECOND,
    },
    acmeWebroot: values.FLUXVISION_ACME_WEBROOT ? resolve(workingDir, values.FLUXVISION_ACME_WEBROOT) : undefined,
    outbound: {
      loopback: values.FLUXVISION_LOOPBACK_PORTS,
      cameraNetworks: values.FLUXVISION_CAMERA_NETWORKS,
      webhookNetworks: values.FLUXVISION_WEBHOOK_NETWORKS,
    },
  };
}

/** A QUIC client gives up where a TCP client would try the next address, so `localhost` must answer on both families. */
function anyAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return addresses.some(({ family }) => family === "IPv6") ? "::" : "0.0.0.0";
}
