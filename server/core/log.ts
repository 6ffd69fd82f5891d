import { type DestinationStream, type Logger, pino } from "pino";
import { ownMessage, ownStack } from "../../shared/lib/errors.ts";

export type { Logger } from "pino";

/** Names of fields that hold secrets, wherever an object carrying one is logged. */
const SECRET_FIELDS = [
  "password",
  "token",
  "accessToken",
  "refreshToken",
  "authorization",
  "cookie",
  "secret",
  "key",
  "dek",
  "mek",
  "rootKey",
  "privateKey",
  "publicKey",
  "wrapped",
];

/** The server's log: JSON lines on standard output. Secrets are blanked at the top level and one level below. */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]), censor: "[redacted]" },
    serializers: { err: serializeError, error: serializeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

const URL_CREDENTIALS = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@]*@/gi;

/** Camera and database URLs reach error messages; what stands before the @ must not reach the log. */
export function withoutCredentials(text: string): string {
  return text.replace(URL_CREDENTIALS, "$1***@");
}

function serializeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    ...(code === undefined ? {} : { code }),
    message: withoutCredentials(ownMessage(error)),
    stack: withoutCredentials(ownStack(error)),
    ...(error.cause instanceof Error ? { cause: withoutCredentials(ownMessage(error.cause)) } : {}),
  };
}
