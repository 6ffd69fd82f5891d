import { randomUUID } from "node:crypto";
import { LocalStore } from "../stores/local-store.ts";
import type { SegmentStore } from "../stores/segment-store.ts";
import type { VolumeRow } from "../volume-service.ts";

/** A volume as the database keeps it: a hot folder without a reserve, if nothing else is said. */
export function volumeRow(values: Partial<VolumeRow> & { readonly location: string }): VolumeRow {
  return {
    id: randomUUID(),
    name: "volume",
    kind: "local",
    tier: "hot",
    credentialsSealed: null,
    region: null,
    pathStyle: true,
    moveAtPercent: null,
    moveMbitPerSecond: null,
    reserveBytes: 0,
    priority: 0,
    enabled: true,
    createdAt: new Date(0),
    ...values,
  };
}

/** The folder behind a volume. */
export function storeOf(rows: readonly VolumeRow[], id: string): SegmentStore {
  const row = rows.find((volume) => volume.id === id);
  if (!row) throw new Error(`no volume ${id}`);
  return new LocalStore(row.id, row.location);
}
