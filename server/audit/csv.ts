import type { AuditRow } from "./row.ts";

const COLUMNS = [
  "seq",
  "at",
  "action",
  "outcome",
  "actorName",
  "actorId",
  "ip",
  "via",
  "sessionId",
  "cameraId",
  "target",
  "changes",
  "details",
] as const;

export const CSV_HEADER = `\ufeff${COLUMNS.join(",")}\r\n`;

/** A line of RFC 4180. Cells that a spreadsheet would run as a formula are marked as text. */
export function csvLine(row: AuditRow): string {
  return `${COLUMNS.map((column) => cell(row[column])).join(",")}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = value instanceof Date ? value.toISOString() : typeof value === "string" ? value : JSON.stringify(value);
  const plain = /^[\s]*[=+\-@|%]|^[\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) || plain !== text ? `"${plain.replaceAll('"', '""')}"` : plain;
}
