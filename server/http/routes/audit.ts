import { z } from "@hono/zod-openapi";
import {
  type AuditEntryBody,
  type AuditFilter,
  auditExportQuery,
  auditOverview,
  auditPage,
  auditQuery,
  auditSettings,
  auditVerification,
  verifyAuditRequest,
} from "../../../shared/api/audit.ts";
import { hexOf, parseBody } from "../../audit/checkpoint.ts";
import { CSV_HEADER, csvLine } from "../../audit/csv.ts";
import { type ExportHeader, exportLines, MOST_EXPORTED } from "../../audit/export-file.ts";
import type { AuditRow } from "../../audit/row.ts";
import { NO_HASH } from "../../audit/row.ts";
import { exportRows, searchAudit } from "../../audit/search.ts";
import { allCheckpoints, lastCheckpoint, lastRow } from "../../audit/store.ts";
import { actor } from "../actor.ts";
import { type Api, json, jsonBody, needs } from "../api.ts";
import type { AppDeps } from "../types.ts";

const tags = ["audit"];

/** The audit trail: read, searched, checked and taken along. Reading it in large is itself a row. */
export function auditRoutes(api: Api, deps: AppDeps): void {
  readRoutes(api, deps);
  exportRoute(api, deps);
  verifyRoutes(api, deps);
}

function readRoutes(api: Api, { orm, audit, auditTrail }: AppDeps): void {
  const overview = async () => {
    const [checkpoint, head, retentionDays] = await Promise.all([
      lastCheckpoint(orm),
      lastRow(orm),
      auditTrail.retention.days(),
    ]);
    const body = checkpoint && parseBody(checkpoint.body);
    const { fingerprint, publicJwk: publicKey } = auditTrail.signer;
    return {
      retentionDays,
      key: { fingerprint, publicKey },
      anchor: body ? { seq: body.seq, hash: body.hash, at: body.at } : null,
      lastSeq: head?.seq ?? 0,
    };
  };

  api.add(
    needs("audit.read"),
    {
      method: "get",
      path: "/audit",
      tags,
      summary: "Rows of the audit trail, newest first",
      request: { query: auditQuery },
      responses: { 200: json(auditPage) },
    },
    async (c) => {
      const { before, limit, ...filter } = c.req.valid("query");
      const { rows, next } = await searchAudit(orm, filter, { before, limit });
      return c.json({ entries: rows.map(body), next: next ?? null }, 200);
    },
  );
  api.add(
    needs("audit.read"),
    {
      method: "get",
      path: "/audit/overview",
      tags,
      summary: "How long rows are kept, the key that signs, and the newest signature",
      responses: { 200: json(auditOverview) },
    },
    async (c) => c.json(await overview(), 200),
  );
  api.add(
    needs("config.manage"),
    {
      method: "put",
      path: "/audit/settings",
      tags,
      summary: "How long rows are kept",
      request: { body: jsonBody(auditSettings) },
      responses: { 200: json(auditOverview) },
    },
    async (c) => {
      const { retentionDays: to } = c.req.valid("json");
      const from = await auditTrail.retention.days();
      // Before it holds: whoever shortens it shall not be able to make rows vanish unseen.
      const changes = [{ field: "retentionDays", from, to }];
      await audit.require({ ...actor(c), action: "audit.retention", changes });
      await auditTrail.retention.set(to);
      return c.json(await overview(), 200);
    },
  );
}

function exportRoute(api: Api, { orm, audit, auditTrail, clock }: AppDeps): void {
  const types = { csv: "text/csv; charset=utf-8", json: "application/x-ndjson" } as const;
  api.add(
    needs("audit.read"),
    {
      method: "get",
      path: "/audit/export",
      tags,
      summary: "Rows as CSV, or as signed JSON that can be checked elsewhere; oldest first, at most 200,000",
      request: { query: auditExportQuery },
      responses: {
        200: {
          description: "The file",
          content: { "text/csv": { schema: z.string() }, "application/x-ndjson": { schema: z.string() } },
        },
      },
    },
    async (c) => {
      const { format, ...filter } = c.req.valid("query");
      await audit.require({ ...actor(c), action: "audit.export", details: { format, filter } });
      if (format === "json") await audit.flush();
      const exportedAt = new Date(clock.utcMicros() / 1000).toISOString();
      const rows = exportRows(orm, filter, MOST_EXPORTED);
      const lines =
        format === "csv"
          ? csvFile(rows)
          : exportLines(
              header(filter, c.get("principal").username, exportedAt),
              { rows, ...(await signed()) },
              auditTrail.signer,
            );
      const name = `audit-${exportedAt.slice(0, 19).replaceAll(":", "")}.${format === "csv" ? "csv" : "jsonl"}`;
      return new Response(streamOf(lines), {
        headers: {
          "content-type": types[format],
          "content-disposition": `attachment; filename="${name}"`,
          "cache-control": "private, no-store",
        },
      }) as never;
    },
  );

  async function signed() {
    const checkpoints = await allCheckpoints(orm);
    return { checkpoints, head: (await lastRow(orm)) ?? { seq: 0, hash: NO_HASH } };
  }
}

function verifyRoutes(api: Api, { auditTrail }: AppDeps): void {
  api.add(
    needs("audit.read"),
    {
      method: "get",
      path: "/audit/verification",
      tags,
      summary: "How the last check of the chain went, or how far it is",
      responses: { 200: json(auditVerification) },
    },
    (c) => c.json(plain(auditTrail.verification.state), 200),
  );
  api.add(
    needs("audit.read"),
    {
      method: "post",
      path: "/audit/verification",
      tags,
      summary: "Check the whole chain: what was edited, removed, reordered or back-dated is named",
      request: { body: jsonBody(verifyAuditRequest) },
      responses: { 202: json(auditVerification, "Begun") },
    },
    (c) => {
      auditTrail.verification.start(actor(c), c.req.valid("json").anchors);
      return c.json(plain(auditTrail.verification.state), 202);
    },
  );
}

function plain(state: AppDeps["auditTrail"]["verification"]["state"]): z.infer<typeof auditVerification> {
  const { report } = state;
  return { ...state, report: report && { ...report, findings: [...report.findings] } };
}

function header(filter: AuditFilter, by: string, exportedAt: string): ExportHeader {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  return { exportedAt, by, filter: Object.fromEntries(given) };
}

async function* csvFile(pages: ReturnType<typeof exportRows>): AsyncGenerator<string> {
  yield CSV_HEADER;
  for await (const page of pages) yield page.map(({ row }) => csvLine(row)).join("");
}

/** A page at a time, when the reader has room: a slow one holds one page. */
function streamOf(lines: AsyncGenerator<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done === true) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: async () => void (await lines.return(undefined)),
  });
}

function body({ hash, mac: _mac, at, changes, ...row }: AuditRow): AuditEntryBody {
  return { ...row, at: at.toISOString(), changes: changes === null ? null : [...changes], hash: hexOf(hash) };
}
