import type { KioskDevice } from "../../shared/api/tokens.ts";
import type { kioskDevices } from "../db/schema/index.ts";

export interface DeviceJoin {
  readonly row: typeof kioskDevices.$inferSelect;
  readonly owner: KioskDevice["owner"];
  readonly layoutName: string | null;
}

export function deviceBody({ row, owner, layoutName }: DeviceJoin, now: Date): KioskDevice {
  const { id, name, layoutId, networks, createdByName, lastSeenIp, agent } = row;
  const linkIsOpen = row.enrolExpiresAt !== null && row.enrolExpiresAt > now;
  return {
    id,
    name,
    owner,
    layout: layoutId === null || layoutName === null ? null : { id: layoutId, name: layoutName },
    networks,
    state: row.revokedAt !== null ? "revoked" : row.publicKey === null ? "waiting" : "active",
    linkExpiresAt: linkIsOpen ? (row.enrolExpiresAt?.toISOString() ?? null) : null,
    enrolledAt: row.enrolledAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    createdByName,
    revokedAt: row.revokedAt?.toISOString() ?? null,
    lastSeenAt: row.lastSeenAt?.toISOString() ?? null,
    lastSeenIp,
    agent,
  };
}
