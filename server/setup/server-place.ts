import { eq } from "drizzle-orm";
import { z } from "zod";
import { SETUP_STEPS, type ServerPlace, type SetupProgress, serverPlace } from "../../shared/api/discovery.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { isTimeZone } from "../archive/schedule.ts";
import type { Orm } from "../db/database.ts";
import { settings } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

const PLACE = "server.place";
const PROGRESS = "setup.progress";
const storedProgress = z.object({ step: z.enum(SETUP_STEPS) });

/** Where the server stands, and how far the first set-up has come. Both are rows of the settings. */
export class ServerPlaces {
  readonly #orm: Orm;
  readonly #clock: Clock;

  constructor(orm: Orm, clock: Clock) {
    this.#orm = orm;
    this.#clock = clock;
  }

  /** Before anybody has set it: the time zone of the machine. */
  async place(): Promise<ServerPlace> {
    const stored = serverPlace.safeParse(await this.#read(PLACE));
    if (stored.success) return stored.data;
    const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
    return { timeZone: isTimeZone(own) ? own : "UTC", language: "en" };
  }

  /** Throws `setup.bad_time_zone`. */
  async setPlace(place: ServerPlace): Promise<void> {
    if (!isTimeZone(place.timeZone)) {
      throw new FluxError("setup.bad_time_zone", "this time zone is not known", { field: "timeZone" });
    }
    await this.#write(PLACE, place);
  }

  async progress(): Promise<SetupProgress> {
    const stored = storedProgress.safeParse(await this.#read(PROGRESS));
    return stored.success ? { step: stored.data.step, begun: true } : { step: "place", begun: false };
  }

  async setProgress(step: SetupProgress["step"]): Promise<void> {
    await this.#write(PROGRESS, { step });
  }

  async #read(name: string): Promise<unknown> {
    const [row] = await this.#orm.select().from(settings).where(eq(settings.name, name));
    if (!row) return undefined;
    try {
      return JSON.parse(row.value);
    } catch {
      return undefined;
    }
  }

  async #write(name: string, content: unknown): Promise<void> {
    const value = JSON.stringify(content);
    const updatedAt = toDate(this.#clock.utcMicros());
    await this.#orm
      .insert(settings)
      .values({ name, value, updatedAt })
      .onConflictDoUpdate({ target: settings.name, set: { value, updatedAt } });
  }
}
