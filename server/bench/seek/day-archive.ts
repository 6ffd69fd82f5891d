import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { loadFluxCrypto } from "../../../shared/crypto/load-node.ts";
import { SUITE_IDS } from "../../../shared/crypto/types.ts";
import { systemClock } from "../../../shared/lib/clock.ts";
import { FluxError } from "../../../shared/lib/errors.ts";
import { Scope } from "../../../shared/lib/scope.ts";
import { SimulatedClock } from "../../../shared/lib/simulated-clock.ts";
import { micros } from "../../../shared/lib/time.ts";
import { CODEC_IDS } from "../../../shared/media/types.ts";
import { EPOCH_SECONDS } from "../../../shared/wire/epoch.ts";
import { readHeader, sealedFrameBytes } from "../../../shared/wire/sealed-frame.ts";
import { writeIndex } from "../../archive/index-writer.ts";
import { createLog } from "../../core/log.ts";
import { openDatabase } from "../../db/database.ts";
import { storageVolumes, streams } from "../../db/schema/index.ts";
import type { SegmentFact } from "../../ingest/protocol.ts";
import { openKeys } from "../../keys/open-keys.ts";
import { loadRootKey } from "../../keys/root-key.ts";
import { ChunkPool, Slabs } from "../../record/chunk-pool.ts";
import { SegmentWriter } from "../../record/segment-writer.ts";
import { fileSystem, type VolumeIo } from "../../record/volume-io.ts";
import { NonceCounters, StreamSealer } from "../../seal/sealer.ts";
import { FORMATS, GOP_PICTURES, GOPS, gopsOf, type Role, type StampedClip } from "./footage.ts";

export const SEGMENT_MICROS = 60_000_000;
/** Time-lapsed: a segment holds one GOP, spread over its minute. */
export const PICTURE_MICROS = SEGMENT_MICROS / GOP_PICTURES;
const EPOCH_MICROS = EPOCH_SECONDS * 1_000_000;
const INDEX_BATCH = 500;

export interface Day {
  readonly dataDir: string;
  /** A whole number of epochs. */
  readonly startMicros: number;
  readonly segments: number;
  readonly cameras: readonly { readonly id: string; readonly clip: StampedClip }[];
}

/** Number in the picture that a time shows. */
export function pictureAt(startMicros: number, at: number): number {
  const segment = Math.floor((at - startMicros) / SEGMENT_MICROS);
  const picture = Math.floor(((at - startMicros) % SEGMENT_MICROS) / PICTURE_MICROS);
  return (segment % GOPS) * GOP_PICTURES + picture;
}

/**
 * Fills a stopped server's data folder with a day of recordings: sealed with the keys that the server itself gives out
 * for those times, written by the recorder's own writer, and indexed. Resolves to the bytes on disk.
 */
export async function writeDay(day: Day): Promise<number> {
  const scope = new Scope();
  try {
    const log = createLog("silent");
    const rootKey = await loadRootKey(join(day.dataDir, "root.key"), undefined);
    const database = scope.own(await openDatabase({ url: undefined, dataDir: day.dataDir, clock: systemClock(), log }));
    const { orm } = database;
    // The keys of a time are those that are given out when that time is now.
    const clock = new SimulatedClock(micros(day.startMicros));
    const keys = scope.own(await openKeys({ orm, rootKey: rootKey.key, clock, log }));
    const [volume] = await orm.select().from(storageVolumes);
    if (!volume) throw new FluxError("bench.no_volume", "the server made no volume for recordings");
    const crypto = await loadFluxCrypto();
    const generation = (await keys.generations.highest()) + 1;
    await keys.generations.record(generation);
    const counters = new NonceCounters(generation);
    const rows = await orm.select().from(streams);
    const pool = new ChunkPool(new Slabs(), 64 * 1024 * 1024);
    const place = { id: volume.id, path: volume.location };
    const runs = new Map(rows.map(({ id }) => [id, randomUUID()]));
    let facts: { segment: SegmentFact; state: "closed" }[] = [];
    let bytes = 0;
    for (let epochAt = 0; epochAt < day.segments * SEGMENT_MICROS; epochAt += EPOCH_MICROS) {
      clock.stepUtc(micros(day.startMicros + epochAt - clock.utcMicros()));
      for (const { id: cameraId, clip } of day.cameras) {
        const [key] = await keys.service.viewKeys(cameraId, generation);
        if (!key) throw new FluxError("keys.unknown_key", "there is no key for the day");
        const aead = crypto.importKey(key.suite, key.key);
        const sealKey = { suiteId: SUITE_IDS[key.suite], keyId: key.keyId, epoch: key.epoch, aead };
        for (const row of rows.filter((one) => one.cameraId === cameraId)) {
          const gops = gopsOf(clip[row.role]);
          const sealer = new StreamSealer(counters, row.id);
          for (let at = epochAt; at < epochAt + EPOCH_MICROS; at += SEGMENT_MICROS) {
            const gop = gops[(at / SEGMENT_MICROS) % GOPS] ?? [];
            const writer = new SegmentWriter({
              header: header(cameraId, row.id, row.role, day.startMicros + at, sealKey, runs.get(row.id) ?? ""),
              volume: place,
              io: unsynced,
              pool,
              hold: false,
            });
            gop.forEach(({ data, keyframe }, index) => {
              const time = micros(day.startMicros + at + index * PICTURE_MICROS);
              const sealed = new Uint8Array(sealedFrameBytes(data.byteLength));
              const plain = { disposable: false, discontinuity: false, codecChange: false, cameraTime: undefined };
              const unit = { codec: "h264", keyframe, ...plain, data: [data] } as const;
              sealer.seal(
                { ...unit, pts: time, dts: time, arrivalTime: time },
                { captureTime: time, cameraClock: false },
                sealKey,
                sealed,
                0,
              );
              writer.add(readHeader(sealed), sealed, 0);
            });
            writer.end();
            await writer.write();
            await writer.sync();
            if (!writer.safe) throw new FluxError("bench.not_written", "a segment was not written");
            bytes += writer.safe.bytes;
            facts.push({
              segment: { ...writer.safe, endMicros: writer.safe.startMicros + SEGMENT_MICROS },
              state: "closed",
            });
          }
        }
        aead.dispose();
      }
      if (facts.length >= INDEX_BATCH) {
        await writeIndex(orm, facts, []);
        facts = [];
      }
    }
    await writeIndex(orm, facts, []);
    return bytes;
  } finally {
    await scope.close();
  }
}

function header(
  cameraId: string,
  streamId: number,
  role: Role,
  start: number,
  key: { readonly suiteId: number; readonly keyId: number },
  runId: string,
) {
  const { codecString, width, height } = FORMATS[role];
  const format = { codec: CODEC_IDS.h264, codecString, width, height };
  return { cameraId, streamId, role, ...format, suite: key.suiteId, keyId: key.keyId, start: micros(start), runId };
}

/** Nobody loses anything by a power cut in a benchmark. */
const real = fileSystem();
const unsynced: VolumeIo = {
  ...bound(real),
  create: async (path) => {
    const file = await real.create(path);
    return {
      write: (pieces, position) => file.write(pieces, position),
      sync: () => Promise.resolve(),
      truncate: (bytes) => file.truncate(bytes),
      close: () => file.close(),
    };
  },
  syncFolder: () => Promise.resolve(),
};

function bound(io: VolumeIo): VolumeIo {
  return {
    create: (path) => io.create(path),
    syncFolder: (path) => io.syncFolder(path),
    remove: (path) => io.remove(path),
    freeBytes: (path) => io.freeBytes(path),
    marker: (path) => io.marker(path),
  };
}
