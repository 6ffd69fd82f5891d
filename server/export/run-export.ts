import { mkdir, rm, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { digestBytes, fieldDigests } from "../../shared/evidence/fields.ts";
import { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { sealKeys } from "../../shared/evidence/key-file.ts";
import {
  KEYS_FILE,
  MANIFEST_FILE,
  MANIFEST_VERSION,
  type Manifest,
  type ManifestItem,
  SIGNATURE_FILE,
} from "../../shared/evidence/manifest.ts";
import { fingerprint, type ManifestSignature } from "../../shared/evidence/signature.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import { readme, readVerifierPage } from "./documents.ts";
import { type Footage, openFootage } from "./footage.ts";
import type { ExportHost } from "./host.ts";
import { ItemLog } from "./item-log.ts";
import { MediaItem } from "./media-items.ts";
import { Names, safeName, stamp } from "./names.ts";
import { PackageWriter } from "./package-writer.ts";
import type { ExportItem, ExportOrder } from "./protocol.ts";
import { KeyCollector, writeSealedSegment } from "./sealed-item.ts";
import { burnIn, requireFfmpeg } from "./watermark.ts";

/** Left free on the disk of the packages, which is often the database's too. */
const RESERVE_BYTES = 256 * 1024 * 1024;
/** Of the progress, where a mark is burnt in. */
const READ_SHARE = 0.1;

/**
 * Makes one package. On any failure nothing is left behind. Throws `export.*` for people; `keys.*`, and the system's errors.
 */
export async function runExport(order: ExportOrder, host: ExportHost): Promise<{ bytes: number; sha256: string }> {
  try {
    await mkdir(order.workFolder, { recursive: true, mode: 0o700 });
    if (order.watermark !== undefined) await requireFfmpeg(host.signal);
    await checkRoom(order);
    return await new Export(order, host).run();
  } catch (error) {
    await rm(order.packagePath, { force: true });
    if (host.signal.aborted) throw host.signal.reason;
    throw forPeople(error);
  } finally {
    await rm(order.workFolder, { recursive: true, force: true });
  }
}

function forPeople(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new FluxError("export.disk_full", "there is not enough room for the package", { cause: error });
  }
  return error;
}

async function checkRoom({ items, packagePath, format, watermark }: ExportOrder): Promise<void> {
  const bytes = items.flatMap(({ segments }) => segments).reduce((sum, segment) => sum + segment.bytes, 0);
  const largest = Math.max(0, ...items.flatMap(({ segments }) => segments.map((segment) => segment.bytes)));
  const { bavail, bsize } = await statfs(dirname(packagePath));
  // A media file lies beside the package until it is in it, and beside the one that a mark is burnt into.
  const media = Math.min(bytes, 3_500_000_000) * (watermark === undefined ? 1 : 2);
  const needed = bytes + (format === "sealed" ? largest : media) + RESERVE_BYTES;
  if (bavail * bsize < needed) {
    throw new FluxError("export.disk_full", "there is not enough room for the package: take less, or free some");
  }
}

class Export {
  readonly #order: ExportOrder;
  readonly #host: ExportHost;
  readonly #names = new Names();
  readonly #keys: KeyCollector;
  readonly #totalBytes: number;
  readonly #totalMicros: number;
  #doneBytes = 0;
  /** Of the whole time, what has been encoded anew. */
  #markedParts = 0;
  #made = 0;

  constructor(order: ExportOrder, host: ExportHost) {
    this.#order = order;
    this.#host = host;
    this.#keys = new KeyCollector((name) => host.key(name));
    const segments = order.items.flatMap((item) => item.segments);
    this.#totalBytes = Math.max(
      1,
      segments.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    this.#totalMicros = Math.max(
      1,
      order.items.reduce((sum, { startMicros, endMicros }) => sum + endMicros - startMicros, 0),
    );
  }

  async run(): Promise<{ bytes: number; sha256: string }> {
    const { order } = { order: this.#order };
    const zip = await PackageWriter.create(order.packagePath, new Date(order.createdAt), this.#host.signal);
    try {
      const items: ManifestItem[] = [];
      const logs: ItemLog[] = [];
      for (const [at, item] of order.items.entries()) {
        const log = new ItemLog();
        logs.push(log);
        items.push(await this.#item(zip, item, at, log));
      }
      if (zip.files.length === 0) throw nothing(logs);
      await this.#documents(zip, items);
      const result = await zip.finish();
      this.#host.progress(1);
      return result;
    } catch (error) {
      await zip.abandon();
      throw error;
    }
  }

  async #item(zip: PackageWriter, item: ExportItem, at: number, log: ItemLog): Promise<ManifestItem> {
    const before = zip.files.length;
    const folder = `${String(at + 1).padStart(2, "0")}-${safeName(item.cameraName)}-${item.role}`;
    if (this.#order.format === "sealed") await this.#sealed(zip, item, at, folder, log);
    else await this.#media(zip, item, at, folder, log);
    const { cameraId, cameraName, role, note, startMicros, endMicros } = item;
    const contained = log.contained();
    return {
      cameraId,
      cameraName,
      role,
      requested: times({ startMicros, endMicros }),
      contained: contained ? times(contained) : null,
      note,
      gaps: log.gaps(item),
      files: zip.files.slice(before).map(({ name }) => name),
    };
  }

  async #media(zip: PackageWriter, item: ExportItem, at: number, folder: string, log: ItemLog): Promise<void> {
    const { workFolder, audio, format, watermark } = this.#order;
    const container = format === "mkv" ? "mkv" : "mp4";
    const opener = new FrameOpener(await loadFluxCrypto(), (name) => this.#host.key(name));
    const media = new MediaItem({
      item,
      container,
      audio,
      workFolder,
      opener,
      log,
      onFile: async (path, facts) => {
        if (watermark !== undefined) {
          const part = (micros: number): number => Math.min(micros, facts.durationMicros) / this.#totalMicros;
          const mark = { path, container, text: watermark, startMicros: facts.startMicros } as const;
          await burnIn(mark, this.#host.signal, (doneMicros) => this.#tell(part(doneMicros)));
          this.#markedParts += part(facts.durationMicros);
        }
        const name = this.#names.unique(`${folder}/${folder}_${stamp(facts.startMicros)}`, `.${container}`);
        const codec = watermark === undefined ? facts.codec : "h264";
        await zip.addFile(path, name, "media", { ...facts, codec, item: at });
        log.held(facts);
      },
    });
    try {
      await this.#eachSegment(
        item,
        log,
        (footage) => media.add(footage, (bytes) => this.#done(bytes)),
        () => media.interrupt(),
      );
      await media.finish();
    } catch (error) {
      await media.abandon();
      throw error;
    } finally {
      opener.close();
    }
  }

  async #sealed(zip: PackageWriter, item: ExportItem, at: number, folder: string, log: ItemLog): Promise<void> {
    await this.#eachSegment(
      item,
      log,
      async (footage) => {
        const path = join(this.#order.workFolder, `${this.#made++}.fvms`);
        const facts = await writeSealedSegment(footage, path, this.#keys, (bytes) => this.#done(bytes));
        const name = this.#names.unique(`${folder}/${folder}_${stamp(facts.startMicros)}`, ".fvms");
        await zip.addFile(path, name, "segment", { ...facts, item: at });
        log.held(facts);
      },
      () => undefined,
    );
  }

  /** A segment that cannot be read is a gap of the package, not the end of the job. */
  async #eachSegment(
    item: ExportItem,
    log: ItemLog,
    use: (footage: Footage) => Promise<void>,
    onLost: () => void,
  ): Promise<void> {
    let first = true;
    for (const segment of item.segments) {
      this.#host.signal.throwIfAborted();
      let footage: Footage | undefined;
      try {
        footage = await openFootage(this.#host, segment, item, { wholeGops: this.#order.format === "sealed", first });
        if (footage) {
          first = false;
          await use(footage);
        }
      } catch (error) {
        log.lost(
          Math.max(segment.startMicros, item.startMicros),
          Math.min(segment.endMicros, item.endMicros),
          lostReason(error),
        );
        onLost();
      } finally {
        await footage?.close();
      }
    }
  }

  async #documents(zip: PackageWriter, items: ManifestItem[]): Promise<void> {
    const order = this.#order;
    const encoder = new TextEncoder();
    if (order.format === "sealed") {
      if (order.passphrase === undefined) throw new FluxError("export.no_passphrase", "a sealed package needs one");
      await zip.addBytes(KEYS_FILE, encoder.encode(await sealKeys(order.passphrase, this.#keys.keys)), "keys");
    }
    const page = await readVerifierPage();
    if (page) await zip.addBytes("verify.html", page, "document");
    const about: Omit<Manifest, "files"> = {
      kind: "fluxvision-export",
      version: MANIFEST_VERSION,
      id: order.jobId,
      title: order.title,
      createdAt: order.createdAt,
      product: { name: "FluxVision", version: order.productVersion },
      server: { id: order.serverId },
      exporter: { name: order.exporterName },
      reason: order.reason,
      case: order.case ?? null,
      format: order.format,
      watermark: order.watermark !== undefined,
      items,
    };
    const text = readme(about, fingerprint(order.signingKey)).replaceAll("\n", "\r\n");
    await zip.addBytes("README.txt", encoder.encode(`\uFEFF${text}`), "document");
    const manifest: Manifest = { ...about, files: zip.files };
    const bytes = encoder.encode(`${JSON.stringify(manifest, undefined, 2)}\n`);
    const fields = fieldDigests(manifest);
    const signature: ManifestSignature = {
      version: 1,
      algorithm: "ECDSA-P256-SHA256",
      key: order.signingKey,
      signature: await this.#host.sign(bytes),
      fields,
      fieldsSignature: await this.#host.sign(digestBytes(fields)),
    };
    await zip.addBytes(MANIFEST_FILE, bytes, "document", false);
    await zip.addBytes(
      SIGNATURE_FILE,
      encoder.encode(`${JSON.stringify(signature, undefined, 2)}\n`),
      "document",
      false,
    );
  }

  #done(bytes: number): void {
    this.#host.signal.throwIfAborted();
    this.#doneBytes += bytes;
    this.#tell();
  }

  /** `marking`: part of the whole time that is being encoded now. */
  #tell(marking = 0): void {
    const read = this.#doneBytes / this.#totalBytes;
    // Reading is quick beside encoding.
    const done =
      this.#order.watermark === undefined ? read : READ_SHARE * read + (1 - READ_SHARE) * (this.#markedParts + marking);
    // The rest is for packing.
    this.#host.progress(Math.min(0.99, done));
  }
}

/** Of a file here; and as the archive says it, which was asked where the file lies by now: neither row nor file is left. */
const MISSING: ReadonlySet<string> = new Set(["ENOENT", "segment.no_file", "archive.gone", "storage.no_object"]);

/** Reasons of gaps that come from reading; whatever is no fault of the footage ends the job. */
function lostReason(error: unknown): string {
  const code = errorCode(error) ?? (error as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (code === "keys.revoked") return "key-revoked";
  if (code.startsWith("keys.")) return "no-key";
  if (MISSING.has(code)) return "file-missing";
  if (code === "EIO" || /^(segment|wire|evidence)\./.test(code)) return "file-damaged";
  throw error;
}

function nothing(logs: readonly ItemLog[]): FluxError {
  if (logs.some(({ reasons }) => reasons.includes("key-revoked"))) {
    return new FluxError("export.key_revoked", "the keys of this footage were destroyed: nobody can open it any more");
  }
  return new FluxError("export.no_footage", "there is no footage in these times");
}

function times({ startMicros, endMicros }: { readonly startMicros: number; readonly endMicros: number }) {
  const text = (at: number): string => new Date(at / 1000).toISOString();
  return { startMicros, endMicros, start: text(startMicros), end: text(endMicros) };
}
