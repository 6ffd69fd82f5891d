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

/** One line for a person: the message and the messages of its causes. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  while (current instanceof Error && parts.length < 5) {
    if (!parts.includes(current.message)) parts.push(current.message);
    current = current.cause;
  }
  if (parts.length === 0) parts.push(String(error));
  return parts.join(": ");
}
