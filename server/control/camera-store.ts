import { and, eq, notInArray } from "drizzle-orm";
import type { StreamRole } from "../../shared/media/types.ts";
import type { Orm } from "../db/database.ts";
import { cameras, removedCameras, streams } from "../db/schema/index.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import { openStreamUrl, sealStreamUrl } from "./stream-urls.ts";

/** A camera as the server knows it. Holds secrets: never logged, never sent out as it is. */
export interface CameraRecord {
  readonly id: string;
  readonly name: string;
  readonly group: string;
  readonly enabled: boolean;
  readonly transport: "auto" | "tcp" | "udp";
  readonly allowUntrustedCertificate: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly createdAt: Date;
  readonly streams: readonly { readonly streamId: number; readonly role: StreamRole; readonly url: string }[];
}

/** What is stored; stream numbers are the database's to give. */
export interface CameraValues extends Omit<CameraRecord, "streams"> {
  readonly urls: ReadonlyMap<StreamRole, string>;
}

/** Cameras in the database, credentials and addresses sealed on the way in and opened on the way out. */
export class CameraStore {
  readonly #orm: Orm;
  readonly #sealer: FieldSealer;

  constructor(orm: Orm, sealer: FieldSealer) {
    this.#orm = orm;
    this.#sealer = sealer;
  }

  async all(): Promise<CameraRecord[]> {
    const [rows, streamRows] = await Promise.all([
      this.#orm.select().from(cameras),
      this.#orm.select().from(streams).orderBy(streams.id),
    ]);
    const byCamera = new Map<string, (typeof streamRows)[number][]>();
    for (const row of streamRows) byCamera.set(row.cameraId, [...(byCamera.get(row.cameraId) ?? []), row]);
    return rows.map((row) => this.#record(row, byCamera.get(row.id) ?? []));
  }

  /** Inserts or replaces. A stream keeps its number as long as the camera has one of that role. */
  async put(values: CameraValues, updatedAt: Date): Promise<CameraRecord> {
    const { id, username, password } = values;
    const row = {
      name: values.name,
      groupPath: values.group,
      enabled: values.enabled,
      transport: values.transport,
      allowUntrustedCertificate: values.allowUntrustedCertificate,
      usernameSealed: username === undefined ? null : this.#sealer.seal(fieldContext("username", id), username),
      passwordSealed: password === undefined ? null : this.#sealer.seal(fieldContext("password", id), password),
      updatedAt,
    };
    return this.#orm.transaction(async (transaction) => {
      const [stored] = await transaction
        .insert(cameras)
        .values({ ...row, id, createdAt: values.createdAt })
        .onConflictDoUpdate({ target: cameras.id, set: row })
        .returning();
      if (!stored) throw new Error("insert returned no row");
      await transaction.delete(removedCameras).where(eq(removedCameras.cameraId, id));
      const roles = [...values.urls.keys()];
      await transaction.delete(streams).where(and(eq(streams.cameraId, id), notInArray(streams.role, roles)));
      for (const [role, url] of values.urls) {
        const [stream] = await transaction
          .insert(streams)
          .values({ cameraId: id, role })
          .onConflictDoUpdate({ target: [streams.cameraId, streams.role], set: { role } })
          .returning({ id: streams.id });
        if (!stream) throw new Error("insert returned no row");
        // The seal is bound to the number, which the database has just given.
        const sealed = { url: null, urlSealed: sealStreamUrl(this.#sealer, stream.id, url) };
        await transaction.update(streams).set(sealed).where(eq(streams.id, stream.id));
      }
      const streamRows = await transaction.select().from(streams).where(eq(streams.cameraId, id)).orderBy(streams.id);
      return this.#record(stored, streamRows);
    });
  }

  /** Where it was is kept: its recordings follow that place's settings on. */
  async remove(id: string, removedAt: Date): Promise<void> {
    await this.#orm.transaction(async (transaction) => {
      const [gone] = await transaction
        .delete(cameras)
        .where(eq(cameras.id, id))
        .returning({ groupPath: cameras.groupPath });
      if (!gone) return;
      const row = { groupPath: gone.groupPath, removedAt };
      await transaction
        .insert(removedCameras)
        .values({ cameraId: id, ...row })
        .onConflictDoUpdate({ target: removedCameras.cameraId, set: row });
    });
  }

  #record(row: typeof cameras.$inferSelect, streamRows: readonly (typeof streams.$inferSelect)[]): CameraRecord {
    const open = (column: "username" | "password", value: string | null): string | undefined =>
      value === null ? undefined : this.#sealer.open(fieldContext(column, row.id), value);
    return {
      id: row.id,
      name: row.name,
      group: row.groupPath,
      enabled: row.enabled,
      transport: row.transport,
      allowUntrustedCertificate: row.allowUntrustedCertificate,
      username: open("username", row.usernameSealed),
      password: open("password", row.passwordSealed),
      createdAt: row.createdAt,
      streams: streamRows.map((stream) => ({
        streamId: stream.id,
        role: stream.role,
        url: openStreamUrl(this.#sealer, stream),
      })),
    };
  }
}

function fieldContext(column: "username" | "password", id: string): string {
  return `cameras.${column}_sealed|${id}`;
}
