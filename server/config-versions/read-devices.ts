import { and, eq, inArray, sql } from "drizzle-orm";
import type { Transaction } from "../access/grant-rows.ts";
import { openStreamUrl } from "../control/stream-urls.ts";
import { cameras, layouts, recordingPolicies, storageVolumes, streams } from "../db/schema/index.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import { type ConfigObject, markSecret, withoutSecrets } from "./state.ts";

export interface ReadParts {
  readonly sealer: FieldSealer;
  /** Under which secrets are compared. */
  readonly markKey: Uint8Array;
}

/** Reads the objects of a section, or some of them. */
export type ReadSection = (
  db: Transaction,
  parts: ReadParts,
  ids: readonly string[] | undefined,
) => Promise<Map<string, ConfigObject>>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** For columns of that type: anything else names nothing. */
export function uuids(ids: readonly string[] | undefined): string[] | undefined {
  return ids?.filter((id) => UUID.test(id));
}

function secretOf({ sealer, markKey }: ReadParts, context: string, sealed: string | null) {
  return markSecret(markKey, context, sealed === null ? null : sealer.open(context, sealed));
}

export const readCameras: ReadSection = async (db, parts, ids) => {
  const wanted = uuids(ids);
  const rows = await db
    .select()
    .from(cameras)
    .where(wanted && inArray(cameras.id, wanted));
  const urls = await db
    .select()
    .from(streams)
    .where(wanted && inArray(streams.cameraId, wanted));
  const byCamera = new Map<string, { main?: string; sub?: string }>();
  for (const row of urls) {
    byCamera.set(row.cameraId, { ...byCamera.get(row.cameraId), [row.role]: openStreamUrl(parts.sealer, row) });
  }
  return new Map(
    rows.map((row) => {
      const { main, sub } = byCamera.get(row.id) ?? {};
      const value = {
        name: row.name,
        group: row.groupPath,
        enabled: row.enabled,
        url: withoutSecrets(main ?? ""),
        subUrl: sub === undefined ? null : withoutSecrets(sub),
        transport: row.transport,
        allowUntrustedCertificate: row.allowUntrustedCertificate,
        username: secretOf(parts, `cameras.username_sealed|${row.id}`, row.usernameSealed),
        password: secretOf(parts, `cameras.password_sealed|${row.id}`, row.passwordSealed),
      };
      return [row.id, { label: row.name, value }];
    }),
  );
};

export const readRecording: ReadSection = async (db) => {
  const rows = await db
    .select({ policy: recordingPolicies, camera: cameras.name })
    .from(recordingPolicies)
    .leftJoin(
      cameras,
      and(eq(recordingPolicies.scope, "camera"), eq(sql`${cameras.id}::text`, recordingPolicies.target)),
    );
  return new Map(
    rows.map(({ policy: { scope, target, updatedAt: _at, ...policy }, camera }) => [
      `${scope}:${target}`,
      { label: camera ?? target, value: set(policy) },
    ]),
  );
};

export const readStorage: ReadSection = async (db, parts) => {
  const rows = await db.select().from(storageVolumes);
  return new Map(
    rows.map(({ id, createdAt: _at, credentialsSealed, ...settings }) => {
      const credentials = secretOf(parts, `storage_volumes.credentials_sealed|${id}`, credentialsSealed);
      return [id, { label: settings.name, value: { ...settings, credentials } }];
    }),
  );
};

export const readLayouts: ReadSection = async (db, _parts, ids) => {
  const wanted = uuids(ids);
  const rows = await db
    .select()
    .from(layouts)
    .where(wanted && inArray(layouts.id, wanted));
  return new Map(
    rows.map(({ id, name, kind, cells, shared, ownerId: owner }) => [
      id,
      { label: name, value: { name, kind, cells, shared, owner } },
    ]),
  );
};

/** Without what is inherited. */
function set(policy: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(policy).filter(([, value]) => value !== null));
}
