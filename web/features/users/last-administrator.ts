import type { User } from "../../../shared/api/schemas.ts";

/** Whether nobody else who can sign in administers the whole system: the server will not let this one go. */
export function isLastAdministrator(user: User, all: readonly User[]): boolean {
  const administers = ({ role, enabled }: User): boolean => enabled && role === "admin";
  return administers(user) && !all.some((other) => other.id !== user.id && administers(other));
}
