import { z } from "zod";
import { parseNetwork } from "../net/address-class.ts";

function isNetwork(text: string): boolean {
  try {
    parseNetwork(text);
    return true;
  } catch {
    return false;
  }
}

/** Every setting the server takes from its environment, with unit, range and default. Documented in docs/configuration.md. */

const port = z.coerce.number().int().min(0).max(65535);
const flag = z.enum(["0", "1", "false", "true"]).transform((text) => text === "1" || text === "true");
const path = z.string().min(1).max(4096);
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ""),
);
const networks = list.pipe(
  z.array(z.string().refine(isNetwork, "must be networks such as 10.0.0.0/8, comma-separated")).min(1).max(200),
);
const argv = z
  .string()
  .max(8192)
  .transform((text, context) => {
    try {
      return z.array(z.string().min(1).max(4096)).min(1).max(64).parse(JSON.parse(text));
    } catch {
      context.addIssue('must be a JSON array of texts, such as ["/usr/bin/kms-get", "--key", "fluxvision"]');
      return z.NEVER;
    }
  });
const origin = z.url({ protocol: /^https?$/ }).transform((text) => new URL(text).origin);

export const environment = z.object({
  /** Database, keys, certificates. Created with mode 0700. */
  FLUXVISION_DATA_DIR: path.default("./data"),
  /** Recordings; below the data folder when not given. */
  FLUXVISION_STORAGE_DIR: path.optional(),
  /** Address to listen on; by default all, of IPv6 too where the system has it: browsers try `localhost` there first. */
  FLUXVISION_HOST: z.string().min(1).max(255).optional(),
  FLUXVISION_PORT: port.default(8080),
  FLUXVISION_TLS_PORT: port.default(8443),
  /** PEM files; both or neither. Without them the server makes its own certificate. */
  FLUXVISION_TLS_CERT: path.optional(),
  FLUXVISION_TLS_KEY: path.optional(),
  /** 0: no demo cameras. */
  FLUXVISION_DEMO: flag.default(true),
  /** Creates `admin` on an empty database. */
  FLUXVISION_ADMIN_PASSWORD: z.string().min(12, "must have at least 12 characters").max(256).optional(),
  FLUXVISION_LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"]).default("info"),
  /** Origins besides our own that may call the API and open sockets, comma-separated. */
  FLUXVISION_ALLOWED_ORIGINS: list.pipe(z.array(origin).max(50)).default([]),
  /** 32 bytes, base64 or hex, instead of the root key file. */
  FLUXVISION_ROOT_KEY: z
    .string()
    .regex(/^([0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/, "must be 32 bytes in hex or base64")
    .optional(),
  /** Program that prints the root key (a KMS, HSM or TPM client): a JSON array, program and arguments, run without a shell. */
  FLUXVISION_ROOT_KEY_COMMAND: argv.optional(),
  /** Live bandwidth per viewer, kbit/s. */
  FLUXVISION_QUOTA_KBPS: z.coerce.number().int().min(100).max(10_000_000).default(50_000),
  /** Ingest worker threads; by default min(2, cores). */
  FLUXVISION_WORKERS: z.coerce.number().int().min(1).max(32).optional(),
  /** Recordings are safe on disk at most so many ms late: what a power cut may cost. */
  FLUXVISION_FLUSH_MS: z.coerce.number().int().min(100).max(10_000).default(1000),
  /** What may be fetched from this machine's loopback addresses: `any`, or ports, comma-separated. By default nothing. */
  FLUXVISION_LOOPBACK_PORTS: z
    .string()
    .regex(/^(any|none|\d{1,5}(\s*,\s*\d{1,5}){0,63})$/, "must be any, none, or ports, comma-separated")
    .transform((text): "any" | readonly number[] =>
      text === "any" ? "any" : text === "none" ? [] : text.split(",").map(Number),
    )
    .default([]),
  /** Where cameras are: networks in CIDR notation, comma-separated. Not set: anywhere but where nothing is fetched from. */
  FLUXVISION_CAMERA_NETWORKS: networks.optional(),
  /** Private networks that webhooks may reach, in CIDR notation, comma-separated. */
  FLUXVISION_WEBHOOK_NETWORKS: networks.optional(),
  /** Networks of proxies whose forwarding headers are believed, in CIDR notation, comma-separated. */
  FLUXVISION_TRUSTED_PROXIES: networks.default([]),
  /** 1: plain HTTP from other machines is served as HTTPS is. */
  FLUXVISION_INSECURE_HTTP: flag.default(false),
  /** Requests of one address, per second on average; 0: not limited. */
  FLUXVISION_REQUESTS_PER_SECOND: z.coerce.number().int().min(0).max(1_000_000).default(200),
  /** Folder in which an ACME client puts what the authority asks for: its webroot. */
  FLUXVISION_ACME_WEBROOT: path.optional(),
  /** PostgreSQL to use instead of the embedded one. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" }).optional(),
});

export type Environment = z.infer<typeof environment>;
