import type { AuditEntry } from "../control/audit.ts";

type Changes = NonNullable<AuditEntry["changes"]>;

/** Fields of two states of one thing that differ, for the audit trail. */
export function changesBetween<T extends object>(before: T, after: T): Changes {
  return (Object.keys(after) as (keyof T & string)[])
    .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
    .map((field) => ({ field, from: before[field], to: after[field] }));
}
