import { randomUUID } from "node:crypto";
import { and, desc, eq, gt, isNull } from "drizzle-orm";
import type { Layout } from "../../shared/api/schemas.ts";
import type { CreateDevice, DeviceLink, KioskDevice, UpdateDevice } from "../../shared/api/tokens.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { can, type Principal } from "../auth/policy.ts";
import type { LayoutService } from "../control/layout-service.ts";
import type { Orm } from "../db/database.ts";
import { kioskDevices, layouts, users } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import { checkedPublicKey } from "./device-challenges.ts";
import { type DeviceJoin, deviceBody } from "./device-rows.ts";
import { type CredentialSource, DEVICE_ACTIONS } from "./limit.ts";
import { checkedNetworks, isAdmitted } from "./networks.ts";
import type { TokenOwners } from "./owners.ts";
import { createEnrolCode, hashOfEnrolCode, type NewSecret } from "./token-text.ts";

const LINK_LIFE_MS = 86_400_000;
const MAX_DEVICES = 1_000;

export interface DevicesParts {
  readonly orm: Orm;
  readonly clock: Clock;
  readonly owners: TokenOwners;
  readonly layouts: LayoutService;
  /** Told after the database has it: what the display shows ends. */
  readonly onEnded: (credentialId: string, code: string) => void;
  /** What the display may show is another set of cameras now: it is asked for again. */
  readonly onChanged: (credentialId: string, ownerId: string) => void;
}

/** Wall displays: made by an administrator, set up once by opening a link, then signed in by their own key. */
export class Devices {
  readonly #parts: DevicesParts;

  constructor(parts: DevicesParts) {
    this.#parts = parts;
  }

  async list(): Promise<KioskDevice[]> {
    const now = toDate(this.#parts.clock.utcMicros());
    const rows = await this.#select().orderBy(desc(kioskDevices.createdAt), desc(kioskDevices.id));
    return rows.map((row) => deviceBody(row, now));
  }

  /** Throws `layout.not_found`, `access.escalation`, `token.bad_owner`, `token.bad_network`, `device.too_many`. */
  async create(by: Principal, input: CreateDevice): Promise<DeviceLink> {
    const { orm, clock, owners } = this.#parts;
    const networks = checkedNetworks(input.networks ?? []);
    const owner = await owners.choose(by, input.ownerId);
    await this.#parts.layouts.get(by, input.layoutId);
    await this.#requireSeen(by, input.layoutId);
    if ((await orm.$count(kioskDevices, isNull(kioskDevices.revokedAt))) >= MAX_DEVICES) {
      throw new FluxError("device.too_many", `at most ${MAX_DEVICES} displays`);
    }
    const id = randomUUID();
    const secret = createEnrolCode();
    const now = toDate(clock.utcMicros());
    await orm.insert(kioskDevices).values({
      id,
      ownerId: owner.id,
      layoutId: input.layoutId,
      name: input.name,
      networks,
      createdAt: now,
      createdByName: by.username,
      ...linkColumns(secret, now),
    });
    return this.#link(id, secret);
  }

  /**
   * A new link: the display that opens it takes the place of the one that is set up now. Throws `device.not_found`,
   * `access.escalation` (the display shows what `by` may not see, or acts for somebody who may do more).
   */
  async renewLink(by: Principal, id: string): Promise<DeviceLink> {
    const { orm, clock } = this.#parts;
    await this.#requireOver(by, id);
    const secret = createEnrolCode();
    const changed = await orm
      .update(kioskDevices)
      .set(linkColumns(secret, toDate(clock.utcMicros())))
      .where(and(eq(kioskDevices.id, id), isNull(kioskDevices.revokedAt)))
      .returning({ id: kioskDevices.id });
    if (changed.length === 0) throw notFound();
    return this.#link(id, secret);
  }

  /**
   * Another layout shows within seconds. Throws `device.not_found`, `layout.not_found`, `token.bad_network`,
   * `access.escalation` as `renewLink` does.
   */
  async update(by: Principal, id: string, input: UpdateDevice): Promise<KioskDevice> {
    const { orm, onChanged } = this.#parts;
    await this.#requireOver(by, id, input.layoutId);
    if (input.layoutId !== undefined) await this.#parts.layouts.get(by, input.layoutId);
    const set = {
      ...(input.name === undefined ? {} : { name: input.name }),
      ...(input.layoutId === undefined ? {} : { layoutId: input.layoutId }),
      ...(input.networks === undefined ? {} : { networks: checkedNetworks(input.networks) }),
    };
    const condition = and(eq(kioskDevices.id, id), isNull(kioskDevices.revokedAt));
    if (Object.keys(set).length > 0) await orm.update(kioskDevices).set(set).where(condition);
    const device = await this.#get(id);
    if (device.state === "revoked") throw notFound();
    onChanged(credentialOf(id), device.owner.id);
    return device;
  }

  /** At once: its picture stops. Taking one away needs no rights of its owner's. Throws `device.not_found`. */
  async revoke(by: Principal, id: string): Promise<{ readonly name: string }> {
    const { orm, clock, onEnded } = this.#parts;
    const [row] = await orm
      .update(kioskDevices)
      .set({
        revokedAt: toDate(clock.utcMicros()),
        revokedByName: by.username,
        enrolHash: null,
        enrolExpiresAt: null,
        publicKey: null,
      })
      .where(and(eq(kioskDevices.id, id), isNull(kioskDevices.revokedAt)))
      .returning({ name: kioskDevices.name });
    if (!row) throw notFound();
    onEnded(credentialOf(id), "auth.session_revoked");
    return row;
  }

  /** The display opened its link: from here on its key is what counts. Throws `device.bad_code`, `device.bad_key`. */
  async enrol(code: string, publicKey: string, ip: string, agent: string): Promise<{ deviceId: string; name: string }> {
    const { orm, clock, onEnded } = this.#parts;
    const key = checkedPublicKey(publicKey);
    const hash = hashOfEnrolCode(code);
    if (hash === undefined) throw badCode();
    const now = toDate(clock.utcMicros());
    const good = and(eq(kioskDevices.enrolHash, hash), gt(kioskDevices.enrolExpiresAt, now));
    const [known] = await orm.select({ networks: kioskDevices.networks }).from(kioskDevices).where(good);
    if (!known || !isAdmitted(ip, known.networks)) throw badCode();
    // The condition decides between two that open the same link at once.
    const [row] = await orm
      .update(kioskDevices)
      .set({ publicKey: key, enrolHash: null, enrolExpiresAt: null, enrolledAt: now, agent: agent.slice(0, 200) })
      .where(and(good, isNull(kioskDevices.revokedAt)))
      .returning({ deviceId: kioskDevices.id, name: kioskDevices.name });
    if (!row) throw badCode();
    // Whatever showed the wall with the key before is no longer that display.
    onEnded(credentialOf(row.deviceId), "auth.session_replaced");
    return row;
  }

  /** For signing in: the key that is good now. Throws `device.bad_proof`, `auth.network_refused`. */
  async keyOf(id: string, ip: string): Promise<{ readonly ownerId: string; readonly publicKey: Uint8Array }> {
    const condition = and(eq(kioskDevices.id, id), isNull(kioskDevices.revokedAt));
    const [row] = await this.#parts.orm.select().from(kioskDevices).where(condition);
    if (!row || row.publicKey === null) throw new FluxError("device.bad_proof", "this display is not known any more");
    if (!isAdmitted(ip, row.networks)) {
      throw new FluxError("auth.network_refused", "the display may not be used from this address");
    }
    return { ownerId: row.ownerId, publicKey: row.publicKey };
  }

  /** What the policy needs to know of `device:<id>`; undefined: it is not good any more. */
  readonly source: CredentialSource = async (credentialId) => {
    const id = credentialId.slice("device:".length);
    const [row] = await this.#parts.orm
      .select({ device: kioskDevices, cells: layouts.cells })
      .from(kioskDevices)
      .leftJoin(layouts, eq(layouts.id, kioskDevices.layoutId))
      .where(eq(kioskDevices.id, id));
    if (!row || row.device.revokedAt !== null || row.device.publicKey === null) return undefined;
    const { ownerId, name, layoutId, networks } = row.device;
    const cameraIds = new Set((row.cells ?? []).filter((cell) => cell !== null));
    const layout = layoutId === null ? {} : { layoutId };
    return {
      userId: ownerId,
      limit: { kind: "device", id, name, actions: DEVICE_ACTIONS, cameraIds, networks, ...layout },
    };
  };

  /** The layout that the display shows, as its rights let it; null: there is none. */
  async layoutOf(principal: Principal): Promise<Layout | null> {
    const layoutId = principal.limit?.layoutId;
    if (layoutId === undefined) return null;
    return this.#parts.layouts.get(principal, layoutId);
  }

  /**
   * Before `cells` are put into a layout that displays show: they show them with their owners' rights, to who passes by.
   * Throws `layout.bad_cells`.
   */
  async requireShowable(by: Principal, layoutId: string, cells: readonly (string | null)[]): Promise<void> {
    const at = cells.findIndex((cell) => cell !== null && !can(by, "live.view", cell));
    if (at < 0) return;
    const shown = and(eq(kioskDevices.layoutId, layoutId), isNull(kioskDevices.revokedAt));
    if ((await this.#parts.orm.$count(kioskDevices, shown)) === 0) return;
    throw new FluxError("layout.bad_cells", "a wall display shows this layout: add only what may be seen live", {
      field: `cells.${at}`,
    });
  }

  /** A layout was changed or deleted: its displays show the new one. */
  async layoutChanged(layoutId: string): Promise<void> {
    const columns = { id: kioskDevices.id, ownerId: kioskDevices.ownerId };
    const rows = await this.#parts.orm.select(columns).from(kioskDevices).where(eq(kioskDevices.layoutId, layoutId));
    for (const { id, ownerId } of rows) this.#parts.onChanged(credentialOf(id), ownerId);
  }

  async seen(id: string, lastSeenAt: Date, lastSeenIp: string): Promise<void> {
    await this.#parts.orm.update(kioskDevices).set({ lastSeenAt, lastSeenIp }).where(eq(kioskDevices.id, id));
  }

  /** Whoever hands out a display's key, or says what it shows, must hold all that it can then be used for. */
  async #requireOver(by: Principal, id: string, layoutId?: string): Promise<void> {
    const condition = and(eq(kioskDevices.id, id), isNull(kioskDevices.revokedAt));
    const [row] = await this.#parts.orm.select().from(kioskDevices).where(condition);
    if (!row) throw notFound();
    await this.#parts.owners.requireCovered(by, row.ownerId);
    const shows = layoutId ?? row.layoutId;
    if (shows !== null) await this.#requireSeen(by, shows);
  }

  /** Of all its cells, also those that `by` is not told of. */
  async #requireSeen(by: Principal, layoutId: string): Promise<void> {
    const [row] = await this.#parts.orm.select({ cells: layouts.cells }).from(layouts).where(eq(layouts.id, layoutId));
    if (row?.cells.some((cell) => cell !== null && !can(by, "live.view", cell))) {
      throw new FluxError("access.escalation", "the display's layout has cameras that the caller may not see live");
    }
  }

  #select() {
    return this.#parts.orm
      .select({
        row: kioskDevices,
        owner: { id: users.id, username: users.username, displayName: users.displayName },
        layoutName: layouts.name,
      })
      .from(kioskDevices)
      .innerJoin(users, eq(users.id, kioskDevices.ownerId))
      .leftJoin(layouts, eq(layouts.id, kioskDevices.layoutId));
  }

  async #get(id: string): Promise<KioskDevice> {
    const rows: DeviceJoin[] = await this.#select().where(eq(kioskDevices.id, id));
    if (!rows[0]) throw notFound();
    return deviceBody(rows[0], toDate(this.#parts.clock.utcMicros()));
  }

  async #link(id: string, secret: NewSecret): Promise<DeviceLink> {
    const device = await this.#get(id);
    return { device, code: secret.text, expiresAt: device.linkExpiresAt ?? device.createdAt };
  }
}

function linkColumns(secret: NewSecret, now: Date) {
  return { enrolHash: secret.hash, enrolExpiresAt: new Date(now.getTime() + LINK_LIFE_MS) };
}

export function credentialOf(id: string): string {
  return `device:${id}`;
}

function notFound(): FluxError {
  return new FluxError("device.not_found", "there is no such display");
}

/** Used, withdrawn, expired and invented look the same. */
function badCode(): FluxError {
  return new FluxError("device.bad_code", "this link is not valid any more; ask for a new one");
}
