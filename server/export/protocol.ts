import type { KeyName } from "../../shared/evidence/frame-opener.ts";
import type { PackageKey } from "../../shared/evidence/key-file.ts";
import type { PublicJwk } from "../../shared/evidence/signature.ts";

/** Messages between the main thread and the export thread, which makes one package and ends. */

export interface ExportSegment {
  readonly segmentId: number;
  readonly runId: string;
  readonly startMicros: number;
  readonly endMicros: number;
  readonly bytes: number;
  /** Only `bytes` are safely there: it is being written. */
  readonly open: boolean;
  readonly place: { readonly kind: "file"; readonly path: string } | { readonly kind: "object" };
}

export interface ExportGap {
  readonly startMicros: number;
  readonly endMicros: number;
  readonly reason: string;
  readonly frames: number;
}

export interface ExportItem {
  readonly cameraId: string;
  readonly cameraName: string;
  readonly role: "main" | "sub";
  readonly startMicros: number;
  readonly endMicros: number;
  readonly note: string;
  /** Oldest first. */
  readonly segments: readonly ExportSegment[];
  readonly gaps: readonly ExportGap[];
}

export interface ExportOrder {
  readonly jobId: string;
  /** Empty folder of the job's own: for what is not packed yet. */
  readonly workFolder: string;
  /** Does not exist yet. */
  readonly packagePath: string;
  readonly title: string;
  readonly format: "mp4" | "mkv" | "sealed";
  readonly audio: boolean;
  /** Burnt in with the time; undefined: none. */
  readonly watermark: string | undefined;
  readonly passphrase: string | undefined;
  readonly reason: string;
  readonly case: { readonly id: string; readonly title: string; readonly reference: string } | undefined;
  readonly exporterName: string;
  readonly serverId: string;
  readonly productVersion: string;
  readonly createdAt: string;
  readonly signingKey: PublicJwk;
  readonly items: readonly ExportItem[];
}

export type ExportQuestion =
  | { readonly kind: "key"; readonly name: KeyName }
  /** The signing key stays in the main thread. */
  | { readonly kind: "sign"; readonly bytes: Uint8Array<ArrayBuffer> }
  | {
      readonly kind: "object";
      readonly segmentId: number;
      readonly offset: number;
      readonly length: number;
    };

export type ExportAnswer = PackageKey | string | Uint8Array;

export type ToExport =
  | { readonly type: "answer"; readonly id: number; readonly answer: ExportAnswer }
  | { readonly type: "refused"; readonly id: number; readonly code: string; readonly message: string }
  | { readonly type: "cancel" };

export type FromExport =
  | { readonly type: "ask"; readonly id: number; readonly question: ExportQuestion }
  | { readonly type: "progress"; readonly permille: number }
  | { readonly type: "done"; readonly bytes: number; readonly sha256: string }
  | { readonly type: "failed"; readonly code: string; readonly message: string };
