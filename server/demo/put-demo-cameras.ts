import { eq } from "drizzle-orm";
import { z } from "zod";
import type { Clock } from "../../shared/lib/clock.ts";
import { SERVER_PRINCIPAL } from "../auth/policy.ts";
import type { CameraService } from "../control/camera-service.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";
import type { DemoCameras } from "./demo-cameras.ts";

const SETTING = "demo.cameras";
const stored = z.object({ port: z.number().int(), cameraIds: z.array(z.uuid()) });
type Stored = z.infer<typeof stored>;

export interface DemoTarget {
  readonly orm: Orm;
  readonly cameras: CameraService;
  readonly clock: Clock;
  /** The simulator's scenes, in its order. */
  readonly names: readonly string[];
}

export type StartDemo = (names: readonly string[]) => Promise<DemoCameras>;

/**
 * A first start without any camera gets the nine demo cameras. Later starts run the simulator again for those that the
 * operator has kept; one that was removed stays removed.
 */
export async function putDemoCameras(target: DemoTarget, start: StartDemo): Promise<DemoCameras | undefined> {
  const { orm, cameras, names } = target;
  const [row] = await orm.select().from(settings).where(eq(settings.name, SETTING));
  const known = row === undefined ? undefined : stored.parse(JSON.parse(row.value));
  const present = new Set(cameras.sources().map(({ id }) => id));
  const kept = known?.cameraIds.map((id) => (present.has(id) ? id : undefined));
  if (known === undefined ? present.size > 0 : !kept?.some((id) => id !== undefined)) return undefined;

  const demo = await start(names);
  try {
    await store(target, demo, known, kept);
  } catch (error) {
    await demo.close();
    throw error;
  }
  return demo;
}

async function store(
  { orm, cameras, clock }: DemoTarget,
  demo: DemoCameras,
  known: Stored | undefined,
  kept: readonly (string | undefined)[] | undefined,
): Promise<void> {
  const cameraIds: string[] = [];
  for (const [index, { name, url, subUrl }] of demo.cameras.entries()) {
    const id = kept?.[index];
    if (known === undefined) {
      const made = await cameras.create(SERVER_PRINCIPAL, { name, url, subUrl, group: "Demo", transport: "tcp" });
      cameraIds.push(made.id);
    } else {
      if (id !== undefined && known.port !== demo.port) await cameras.update(SERVER_PRINCIPAL, id, { url, subUrl });
      cameraIds.push(known.cameraIds[index] ?? "");
    }
  }
  const value = JSON.stringify({ port: demo.port, cameraIds });
  const updatedAt = toDate(clock.utcMicros());
  await orm
    .insert(settings)
    .values({ name: SETTING, value, updatedAt })
    .onConflictDoUpdate({ target: settings.name, set: { value, updatedAt } });
}
