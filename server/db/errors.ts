/** SQLSTATE of a database error, wherever in the chain of causes the driver's error is. */
export function sqlState(error: unknown): string | undefined {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    const { code } = current as { code?: unknown };
    if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) return code;
    current = current.cause;
  }
  return undefined;
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === "23505";
}

/** Codes of the driver and of the system that mean: the database is not there now. */
const CONNECTION_CODES = /^(CONNECT_TIMEOUT|CONNECTION_\w+|ECONN\w+|ENOENT|EPIPE|ETIMEDOUT)$/;
/** SQLSTATE classes and codes with the same meaning: connection exceptions, shutting down, starting up, too many. */
const UNAVAILABLE_STATES = /^(08...|57P0[123]|53300)$/;

export function isDatabaseUnavailable(error: unknown): boolean {
  let current = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    const { code } = current as { code?: unknown };
    if (typeof code === "string" && (CONNECTION_CODES.test(code) || UNAVAILABLE_STATES.test(code))) return true;
    current = current.cause;
  }
  return false;
}
