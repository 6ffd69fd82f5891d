import { createHash, randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import type { KeyName } from "../../../shared/evidence/frame-opener.ts";
import type { PackageKey } from "../../../shared/evidence/key-file.ts";
import { sign } from "../../../shared/evidence/signature.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { micros } from "../../../shared/lib/time.ts";
import type { ExportHost } from "../host.ts";
import type { ExportItem, ExportOrder } from "../protocol.ts";
import { runExport } from "../run-export.ts";
import { newSigningKey } from "../signing-key.ts";
import { type Clip, makeClip, readClip } from "./clip.ts";
import { type FootageOptions, type WrittenSegment, writeFootage } from "./sealed-footage.ts";

export const CAMERA = "6f1f6a0e-3b0d-4a38-9d0a-0d6d2d6f7a11";
/** 2026-11-20 10:09:57 UTC: an epoch ends three seconds later. */
export const START = micros(Date.UTC(2026, 10, 20, 10, 9, 57) * 1000);
export const PASSPHRASE = "twelve characters or more";

/** A folder with sealed footage, and the means to export it without a server. */
export class ExportKit {
  readonly folder: string;
  readonly revoked = new Set<number>();
  /** What the archive answers about a recording that is not where it was. */
  archiveCode = "archive.no_object_store";
  /** What exports told of themselves. */
  readonly progress: number[] = [];
  readonly signing: Awaited<ReturnType<typeof newSigningKey>>;
  #made = 0;

  private constructor(folder: string, signing: ExportKit["signing"]) {
    this.folder = folder;
    this.signing = signing;
  }

  static async open(): Promise<ExportKit> {
    const folder = await mkdtemp(join(tmpdir(), "fluxvision-export-"));
    return new ExportKit(folder, await newSigningKey());
  }

  async clip(ffmpeg: string, seconds: number): Promise<Clip> {
    const path = join(this.folder, `clip-${this.#made++}.mp4`);
    await makeClip(ffmpeg, path, seconds);
    return readClip(path);
  }

  async footage(clip: Clip, change: Partial<FootageOptions> = {}): Promise<WrittenSegment[]> {
    const crypto = await loadFluxCrypto();
    const keyFor = (epoch: number) => ({ suite: "LEA-256-GCM" as const, keyId: 7, key: keyOf(epoch) });
    const common = { cameraId: CAMERA, streamId: 1, generation: 3, start: START, segmentMicros: 4_000_000 };
    return writeFootage(clip, { root: join(this.folder, "storage"), crypto, keyFor, ...common, ...change });
  }

  item(segments: readonly WrittenSegment[], change: Partial<ExportItem> = {}): ExportItem {
    const [startMicros, endMicros] = [segments[0]?.startMicros ?? START, segments.at(-1)?.endMicros ?? START + 1e6];
    const names = { cameraId: CAMERA, cameraName: "Yard / gate", role: "main", note: "" } as const;
    return { ...names, startMicros, endMicros, segments, gaps: [], ...change };
  }

  /** Returns the path of the package. */
  async export(items: readonly ExportItem[], change: Partial<ExportOrder> = {}): Promise<string> {
    const packagePath = join(this.folder, `${this.#made++}.zip`);
    await mkdir(this.folder, { recursive: true });
    const order: ExportOrder = {
      jobId: randomUUID(),
      workFolder: `${packagePath}.part`,
      packagePath,
      title: "Break-in",
      format: "mp4",
      audio: true,
      watermark: undefined,
      passphrase: PASSPHRASE,
      reason: "police report 17",
      case: undefined,
      exporterName: "Kim",
      serverId: "server-1",
      productVersion: "0.0.0-test",
      createdAt: "2026-11-21T00:00:00.000Z",
      signingKey: this.signing.publicJwk,
      items,
      ...change,
    };
    await runExport(order, this.host());
    return packagePath;
  }

  host(signal: AbortSignal = new AbortController().signal): ExportHost {
    return {
      key: async (name) => this.#key(name),
      sign: (bytes) => sign(this.signing.privateJwk, bytes),
      readSegment: async () => {
        throw new FluxError(this.archiveCode, "none");
      },
      progress: (part) => void this.progress.push(part),
      signal,
    };
  }

  async close(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  #key(name: KeyName): PackageKey {
    if (this.revoked.has(name.epoch)) throw new FluxError("keys.revoked", "destroyed");
    return { ...name, suite: "LEA-256-GCM", key: keyOf(name.epoch) };
  }
}

function keyOf(epoch: number): Uint8Array {
  return new Uint8Array(createHash("sha256").update(`epoch ${epoch}`).digest());
}
