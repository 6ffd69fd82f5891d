// The way into the audit trail; how it is kept is in server/audit.
export { Audit } from "../audit/audit.ts";
export type { AuditEntry } from "../audit/row.ts";
