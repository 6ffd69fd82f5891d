import type { z } from "zod";
import type {
  AuditFilter,
  AuditOverview,
  AuditPage,
  AuditVerification,
  auditQuery,
  auditSettings,
} from "../../shared/api/audit.ts";
import type {
  ConfigDiff,
  ConfigSection,
  ConfigVersionPage,
  RollbackPlan,
  RollbackResult,
  RollbackTarget,
} from "../../shared/api/config.ts";
import type {
  ExportedKey,
  exportKeyRequest,
  KeyInventory,
  revokedKeys,
  revokeKeysRequest,
  VideoKeyPage,
} from "../../shared/api/keys.ts";
import type { HttpClient } from "./http-client.ts";
import { given } from "./typed-client.ts";

export type AuditQuery = Partial<z.input<typeof auditQuery>>;
export type KeyExportOrder = z.input<typeof exportKeyRequest>;
export type KeyRevocation = z.input<typeof revokeKeysRequest>;

export interface VideoKeyQuery {
  readonly cameraId?: string | undefined;
  readonly fromDay?: string | undefined;
  readonly toDay?: string | undefined;
  readonly before?: number | undefined;
}

export interface ConfigVersionQuery {
  readonly section?: ConfigSection | undefined;
  readonly object?: string | undefined;
  readonly actor?: string | undefined;
  readonly before?: number | undefined;
}

/** Routes of the audit trail, of keys and of configuration versions. */
export interface TrustApi {
  auditEntries(query: AuditQuery, signal?: AbortSignal): Promise<AuditPage>;
  auditOverview(signal?: AbortSignal): Promise<AuditOverview>;
  setAuditSettings(settings: z.infer<typeof auditSettings>): Promise<AuditOverview>;
  auditExport(format: "csv" | "json", filter: AuditFilter): Promise<Blob>;
  auditVerification(signal?: AbortSignal): Promise<AuditVerification>;
  verifyAudit(): Promise<AuditVerification>;
  keyInventory(signal?: AbortSignal): Promise<KeyInventory>;
  rotateMasterKey(): Promise<KeyInventory>;
  setKeySchedule(rotationDays: number): Promise<KeyInventory>;
  videoKeys(query: VideoKeyQuery, signal?: AbortSignal): Promise<VideoKeyPage>;
  exportVideoKey(order: KeyExportOrder): Promise<ExportedKey>;
  revokeKeys(order: KeyRevocation): Promise<z.infer<typeof revokedKeys>>;
  configVersions(query: ConfigVersionQuery, signal?: AbortSignal): Promise<ConfigVersionPage>;
  /** `to` left out: as it is now. */
  configDiff(from: number, to?: number, signal?: AbortSignal): Promise<ConfigDiff>;
  previewRollback(target: RollbackTarget): Promise<RollbackPlan>;
  rollBack(target: RollbackTarget, plan: string, reason: string): Promise<RollbackResult>;
}

function search(fields: object): string {
  const text = new URLSearchParams(
    Object.entries(given(fields)).map(([name, value]) => [name, String(value)]),
  ).toString();
  return text === "" ? "" : `?${text}`;
}

export function createTrustApi(http: HttpClient): TrustApi {
  return {
    auditEntries: (query, signal) => http.request("GET", `/audit${search(query)}`, { signal }),
    auditOverview: (signal) => http.request("GET", "/audit/overview", { signal }),
    setAuditSettings: (body) => http.request("PUT", "/audit/settings", { body }),
    auditExport: async (format, filter) => {
      const answer = await http.send("GET", `/audit/export${search({ ...filter, format })}`);
      return answer.blob();
    },
    auditVerification: (signal) => http.request("GET", "/audit/verification", { signal }),
    verifyAudit: () => http.request("POST", "/audit/verification", { body: {} }),
    keyInventory: (signal) => http.request("GET", "/keys", { signal }),
    rotateMasterKey: () => http.request("POST", "/keys/rotate", { body: {} }),
    setKeySchedule: (rotationDays) => http.request("PUT", "/keys/schedule", { body: { rotationDays } }),
    videoKeys: (query, signal) => http.request("GET", `/keys/video${search({ ...query, limit: 50 })}`, { signal }),
    exportVideoKey: (body) => http.request("POST", "/keys/export", { body }),
    revokeKeys: (body) => http.request("POST", "/keys/revoke", { body }),
    configVersions: (query, signal) => http.request("GET", `/config/versions${search(query)}`, { signal }),
    configDiff: (from, to, signal) => http.request("GET", `/config/diff${search({ from, to })}`, { signal }),
    previewRollback: (body) => http.request("POST", "/config/rollback/preview", { body }),
    rollBack: (target, plan, reason) => http.request("POST", "/config/rollback", { body: { target, plan, reason } }),
  };
}
