/** An error with a stable code. Callers match on `code`, never on the message. */
export class FluxError extends Error {
  /** Dotted, stable, lower case: `rtsp.unauthorised`, `crypto.auth_failed`. */
  readonly code: string;
  /** The input field at fault, when there is one: `camera.url`. */
  readonly field: string | undefined;

  constructor(code: string, message: string, options: { cause?: unknown; field?: string } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "FluxError";
    this.code = code;
    this.field = options.field;
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof FluxError ? error.code : undefined;
}

/** The message without what a query was given: a failed query names its parameters, and those may be secrets. */
export function ownMessage(error: Error): string {
  const { query, params } = error as { query?: unknown; params?: unknown };
  return typeof query === "string" && params !== undefined ? `a query failed: ${query}` : error.message;
}

/** Where it was thrown, with the message as `ownMessage` gives it. */
export function ownStack(error: Error): string {
  const { stack = "", message } = error;
  return message === "" ? stack : stack.replace(message, () => ownMessage(error));
}

/** One line for a person: the message and the messages of its causes. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && parts.length < 5) {
    const message = ownMessage(current);
    if (!parts.includes(message)) parts.push(message);
    current = current.cause;
  }
  if (parts.length === 0) parts.push(String(error));
  return parts.join(": ");
}
