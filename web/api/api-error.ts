import type { ErrorBody } from "../../shared/api/schemas.ts";
import { FluxError } from "../../shared/lib/errors.ts";

export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** No answer at all: the server is down, the network is gone, or the request was cut. */
export const NETWORK_ERROR = "network.unreachable";

/** What the server answered instead of a result. `code` is the server's; `status` 0 means that it did not answer. */
export class ApiError extends FluxError {
  readonly status: number;
  readonly details: readonly FieldError[];
  readonly requestId: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { status: number; details?: readonly FieldError[]; requestId?: string | undefined; cause?: unknown },
  ) {
    super(code, message, { cause: options.cause });
    this.name = "ApiError";
    this.status = options.status;
    this.details = options.details ?? [];
    this.requestId = options.requestId;
  }
}

function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== "object" || value === null || !("error" in value)) return false;
  const { error } = value;
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    typeof error.code === "string" &&
    "message" in error &&
    typeof error.message === "string"
  );
}

/** Reads the server's error body; anything else (a proxy's page) becomes `http.STATUS`. */
export async function errorFromResponse(response: Response): Promise<ApiError> {
  const { status } = response;
  let body: unknown;
  try {
    body = await response.json();
  } catch {
    body = undefined;
  }
  if (!isErrorBody(body)) return new ApiError(`http.${status}`, response.statusText || `HTTP ${status}`, { status });
  const { code, message, details, requestId } = body.error;
  return new ApiError(code, message, { status, ...(details ? { details } : {}), requestId });
}

export function isUnreachable(error: unknown): boolean {
  // A gateway that answers for a dead server is no better than no answer.
  if (!(error instanceof ApiError)) return false;
  if (error.status === 0 || error.code === "database.unavailable" || error.code === "server.unavailable") return true;
  return error.code === `http.${error.status}` && error.status >= 502 && error.status <= 504;
}

/** Whether the server said of one of these fields what is wrong with it. */
export function isAtField(error: unknown, fields: readonly string[]): boolean {
  return fields.some((field) => fieldMessage(error, field) !== undefined);
}

/** The message for one form field, by the server's dotted path: `url`, `body.url`. */
export function fieldMessage(error: unknown, field: string): string | undefined {
  if (!(error instanceof ApiError)) return undefined;
  return error.details.find((detail) => detail.field === field || detail.field.endsWith(`.${field}`))?.message;
}
