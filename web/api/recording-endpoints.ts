import type { z } from "zod";
import type { CaseChangeRequest, CaseItemsRequest, CaseLockRequest } from "../../shared/api/cases.ts";
import type {
  Bookmark,
  bookmarkBody,
  caseBody,
  EvidenceCase,
  EvidenceLock,
  emergencyState,
  RecordingState,
  ScopedPolicy,
  StorageVolume,
  storageVolumeBody,
} from "../../shared/api/recording.ts";
import type { TierStatus } from "../../shared/api/storage-tiers.ts";
import type { StorageUsage, VolumeTestResult } from "../../shared/api/storage-usage.ts";
import type { HttpClient } from "./http-client.ts";

export type Emergency = z.infer<typeof emergencyState>;
export interface RecordingStates {
  readonly emergency: Emergency;
  readonly cameras: RecordingState[];
}
export type VolumeBody = z.input<typeof storageVolumeBody>;
export type CaseBody = z.input<typeof caseBody>;

export interface LockQuery {
  /** Those that hold now; else all that ever were. */
  readonly active: boolean;
  readonly caseId?: string;
}

/** Routes of recording settings, storage and evidence. */
export interface RecordingApi {
  recordingPolicies(signal?: AbortSignal): Promise<ScopedPolicy[]>;
  putRecordingPolicy(body: ScopedPolicy): Promise<ScopedPolicy>;
  removeRecordingPolicy(scope: ScopedPolicy["scope"], target: string): Promise<void>;
  recordingStates(signal?: AbortSignal): Promise<RecordingStates>;
  recordingUsage(signal?: AbortSignal): Promise<StorageUsage>;
  recordManually(cameraId: string, on: boolean, seconds?: number): Promise<RecordingState>;
  setEmergency(on: boolean, reason?: string): Promise<Emergency>;
  volumes(signal?: AbortSignal): Promise<StorageVolume[]>;
  createVolume(body: VolumeBody): Promise<StorageVolume>;
  updateVolume(id: string, body: VolumeBody): Promise<StorageVolume>;
  removeVolume(id: string): Promise<void>;
  tierStatus(signal?: AbortSignal): Promise<TierStatus>;
  /** Also to volumes that failed before. */
  moveTiersNow(): Promise<void>;
  testFolder(location: string): Promise<VolumeTestResult>;
  /** Newest first. */
  cases(signal?: AbortSignal): Promise<EvidenceCase[]>;
  case(id: string, signal?: AbortSignal): Promise<EvidenceCase>;
  createCase(body: CaseBody): Promise<EvidenceCase>;
  changeCase(id: string, body: CaseChangeRequest): Promise<EvidenceCase>;
  addCaseItems(id: string, items: CaseItemsRequest["items"]): Promise<EvidenceCase>;
  removeCaseItem(id: string, itemId: string): Promise<EvidenceCase>;
  removeCase(id: string): Promise<void>;
  addCaseNote(id: string, text: string): Promise<EvidenceCase>;
  setCaseClosed(id: string, closed: boolean): Promise<EvidenceCase>;
  lockCase(id: string, body: CaseLockRequest): Promise<EvidenceLock[]>;
  /** Newest first. */
  evidenceLocks(query: LockQuery, signal?: AbortSignal): Promise<EvidenceLock[]>;
  releaseLock(id: string, reason: string): Promise<EvidenceLock>;
  updateBookmark(id: string, body: z.input<typeof bookmarkBody>): Promise<Bookmark>;
}

const id = (value: string): string => encodeURIComponent(value);

export function createRecordingApi(http: HttpClient): RecordingApi {
  return {
    recordingPolicies: (signal) => http.request("GET", "/recording/policies", { signal }),
    putRecordingPolicy: (body) => http.request("PUT", "/recording/policies", { body }),
    removeRecordingPolicy: (scope, target) =>
      http.request("DELETE", `/recording/policies?${new URLSearchParams({ scope, target })}`),
    recordingStates: (signal) => http.request("GET", "/recording/states", { signal }),
    recordingUsage: (signal) => http.request("GET", "/recording/usage", { signal }),
    recordManually: (cameraId, on, seconds) =>
      http.request("POST", `/cameras/${id(cameraId)}/recording/manual`, {
        body: { on, ...(seconds === undefined ? {} : { seconds }) },
      }),
    setEmergency: (on, reason) =>
      http.request("POST", "/recording/emergency", { body: { on, ...(reason === undefined ? {} : { reason }) } }),
    volumes: (signal) => http.request("GET", "/storage/volumes", { signal }),
    createVolume: (body) => http.request("POST", "/storage/volumes", { body }),
    updateVolume: (volumeId, body) => http.request("PUT", `/storage/volumes/${id(volumeId)}`, { body }),
    removeVolume: (volumeId) => http.request("DELETE", `/storage/volumes/${id(volumeId)}`),
    tierStatus: (signal) => http.request("GET", "/storage/tiers", { signal }),
    moveTiersNow: () => http.request("POST", "/storage/tiers/run"),
    testFolder: (location) => http.request("POST", "/storage/folder-test", { body: { location } }),
    cases: (signal) => http.request("GET", "/cases", { signal }),
    case: (caseId, signal) => http.request("GET", `/cases/${id(caseId)}`, { signal }),
    createCase: (body) => http.request("POST", "/cases", { body }),
    changeCase: (caseId, body) => http.request("PATCH", `/cases/${id(caseId)}`, { body }),
    addCaseItems: (caseId, items) => http.request("POST", `/cases/${id(caseId)}/items`, { body: { items } }),
    removeCaseItem: (caseId, itemId) => http.request("DELETE", `/cases/${id(caseId)}/items/${id(itemId)}`),
    removeCase: (caseId) => http.request("DELETE", `/cases/${id(caseId)}`),
    addCaseNote: (caseId, text) => http.request("POST", `/cases/${id(caseId)}/notes`, { body: { text } }),
    setCaseClosed: (caseId, closed) => http.request("POST", `/cases/${id(caseId)}/closed`, { body: { closed } }),
    lockCase: (caseId, body) => http.request("POST", `/cases/${id(caseId)}/locks`, { body }),
    evidenceLocks: ({ active, caseId }, signal) =>
      http.request(
        "GET",
        `/evidence-locks?${new URLSearchParams({ active: String(active), ...(caseId === undefined ? {} : { caseId }) })}`,
        { signal },
      ),
    releaseLock: (lockId, reason) =>
      http.request("POST", `/evidence-locks/${id(lockId)}/release`, { body: { reason } }),
    updateBookmark: (bookmarkId, body) => http.request("PUT", `/bookmarks/${id(bookmarkId)}`, { body }),
  };
}
