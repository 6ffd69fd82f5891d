/** Codes after which the same login will not do: the viewer signs in again. After others it tries again. */
const ENDS_SESSION = /^auth\.(expired|token_expired|invalid_token|token_invalid|session_\w+|unknown_connection)$/;

export function endsSession(code: string): boolean {
  return ENDS_SESSION.test(code);
}
