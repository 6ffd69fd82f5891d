import { createECDH, randomUUID } from "node:crypto";
import { ACTIONS, type Action, can } from "../../auth/policy.ts";
import type { RegisteredRoute } from "../api.ts";
import type { MatrixCaller, MatrixWorld } from "./matrix-callers.ts";
import { BODY_CELLS, LIST_CELLS, type Seeded, seedLists } from "./matrix-cells.ts";
import { expectedToMay } from "./matrix-expected.ts";
import { fillObject, OBJECT_CELLS, OBJECT_REFUSALS } from "./matrix-objects.ts";

export interface MatrixResult {
  readonly cells: number;
  /** Where the server did not do as expected, one line each. */
  readonly wrong: readonly string[];
}

const MEDIA_ACTIONS: readonly Action[] = ["live.connect", "live.view", "audio.hear", "archive.view"];

/** The one that test servers seal with. */
const GENERATION = 1;

type Which = "own" | "foreign";
const CAMERAS = ["own", "foreign"] as const;

/**
 * Everything that can be asked, by everyone, about one's own and a foreign camera, against the table written by hand.
 * `about`: only cells that have to do with one of these actions.
 */
export async function walkMatrix(world: MatrixWorld, about?: readonly Action[]): Promise<MatrixResult> {
  const walk = new Walk(world, new Set(about ?? ACTIONS));
  await walk.routes();
  await walk.bodies();
  const seeded = await seedLists(world);
  await walk.lists(seeded);
  await walk.objects(seeded);
  await walk.media();
  await walk.policy();
  return { cells: walk.cells, wrong: walk.wrong };
}

class Walk {
  readonly wrong: string[] = [];
  cells = 0;
  readonly #world: MatrixWorld;
  readonly #about: ReadonlySet<Action>;

  constructor(world: MatrixWorld, about: ReadonlySet<Action>) {
    this.#world = world;
    this.#about = about;
  }

  /** Every route that there is. The body passes no validation and ids name nothing: an allowed call gets past the gate only. */
  async routes(): Promise<void> {
    const { server, callers } = this.#world;
    for (const { method, path, policy } of server.routes) {
      if (policy.kind === "public" || !this.#about.has(policy.action)) continue;
      for (const caller of callers) {
        for (const which of policy.cameraParam === undefined ? [undefined] : CAMERAS) {
          // An administrator would delete the camera that the other cells are about.
          const removes = method === "DELETE" && policy.cameraParam !== undefined;
          const may = expectedToMay(caller, policy.action, which);
          if (removes && may) continue;
          const got = await this.#call(
            caller,
            method,
            this.#fill(path, policy, which),
            method === "GET" ? undefined : [],
          );
          this.#check(`${method} ${path} (${which ?? "no camera"})`, caller, may, got);
        }
      }
    }
  }

  /** Requests that name a camera in their body or query. */
  async bodies(): Promise<void> {
    const { callers } = this.#world;
    for (const { method, path, needs, body } of BODY_CELLS) {
      if (!needs.some((action) => this.#about.has(action))) continue;
      for (const caller of callers) {
        for (const which of CAMERAS) {
          const id = this.#id(which);
          const may = needs.every((action) => expectedToMay(caller, action, which));
          const got = await this.#call(caller, method, path.replaceAll("{camera}", id), body?.(id, which));
          this.#check(`${method} ${path} (${which})`, caller, may, got);
        }
      }
    }
  }

  /** What lists show of things that belong to a camera. */
  async lists(seeded: Seeded): Promise<void> {
    for (const { path, gate, shows, ids } of LIST_CELLS) {
      if (![gate, ...shows].some((action) => this.#about.has(action))) continue;
      for (const caller of this.#world.callers) {
        const { status, text } = await this.#fetch(caller, "GET", path);
        const open = expectedToMay(caller, gate, undefined);
        this.#check(`GET ${path}`, caller, open, { status, code: codeOf(text) });
        for (const which of open ? CAMERAS : []) {
          const may = shows.every((action) => expectedToMay(caller, action, which));
          const seen = text.includes(ids(seeded, which));
          this.#count(`GET ${path} shows what is of the ${which} camera`, caller, may, seen, `${seen}`);
        }
      }
    }
  }

  /** Requests by the id of a bookmark, lock, case or export of the camera. */
  async objects(seeded: Seeded): Promise<void> {
    for (const { method, path, needs, body, removes = false } of OBJECT_CELLS) {
      if (!needs.some((action) => this.#about.has(action))) continue;
      for (const caller of this.#world.callers) {
        for (const which of CAMERAS) {
          const of = seeded[which];
          const may = needs.every((action) => expectedToMay(caller, action, which));
          if (removes && may) continue;
          const got = await this.#call(caller, method, fillObject(path, of), body?.(of));
          this.#check(`${method} ${path} (${which})`, caller, may, got, OBJECT_REFUSALS);
        }
      }
    }
  }

  /** The questions of the relay thread: live and archive. */
  async media(): Promise<void> {
    if (!MEDIA_ACTIONS.some((action) => this.#about.has(action))) return;
    const { control, keys } = this.#world.server;
    const { authority } = control;
    for (const caller of this.#world.callers) {
      const connection = randomUUID();
      const token = (await caller.token()) ?? "";
      const publicKey = createECDH("prime256v1").generateKeys("base64");
      const connected = await authority.authenticate(connection, token, publicKey).then(
        () => true,
        () => false,
      );
      this.#count("hello", caller, expectedToMay(caller, "live.connect", undefined), connected, `${connected}`);
      if (!connected) continue;
      const renewed = await authority.renew(connection, token).then(
        () => true,
        () => false,
      );
      this.#count("renew", caller, true, renewed, `${renewed}`);
      for (const which of CAMERAS) {
        const id = this.#id(which);
        const { allowed, audible, keys: given } = await authority.authorise(connection, [id]);
        const live = expectedToMay(caller, "live.view", which);
        this.#count(`subscribe (${which})`, caller, live, allowed.includes(id), `${allowed.length}`);
        this.#count(`subscribe's keys (${which})`, caller, live, given.length > 0, `${given.length} keys`);
        const hears = live && expectedToMay(caller, "audio.hear", which);
        this.#count(`subscribe's sound (${which})`, caller, hears, audible.includes(id), `${audible.length}`);
        const [current] = await keys.service.sealKeys(id, GENERATION);
        if (!current) throw new Error("the camera has no key");
        const { keyId, epoch } = current;
        const generation = GENERATION;
        const one = await authority.key(connection, id, keyId, generation, epoch);
        this.#count(`need_key (${which})`, caller, live, one !== undefined, `${one !== undefined}`);
        const archive = expectedToMay(caller, "archive.view", which);
        const { view, hear } = await authority.archiveRights(connection, id);
        this.#count(`read (${which})`, caller, archive, view, `${view}`);
        this.#count(
          `read's sound (${which})`,
          caller,
          archive && expectedToMay(caller, "audio.hear", which),
          hear,
          `${hear}`,
        );
        const [old] = await authority.archiveKeys(connection, id, [{ keyId, generation, epoch }]);
        this.#count(`archived keys (${which})`, caller, archive, typeof old === "object", typeof old);
      }
      authority.viewerClosed(connection);
    }
  }

  /** The policy itself, also for actions that no route and no message asks for yet. */
  async policy(): Promise<void> {
    for (const caller of this.#world.callers) {
      const token = await caller.token();
      const verified =
        token === undefined ? undefined : await this.#world.server.control.auth.verify(token).catch(() => undefined);
      if (!verified) continue;
      for (const action of this.#about) {
        for (const which of [undefined, ...CAMERAS]) {
          const may = can(verified.principal, action, which && this.#id(which));
          this.#count(
            `can ${action} (${which ?? "no camera"})`,
            caller,
            expectedToMay(caller, action, which),
            may,
            `${may}`,
          );
        }
      }
    }
  }

  #id(which: Which): string {
    return this.#world[which].id;
  }

  #fill(path: string, policy: RegisteredRoute["policy"], which: Which | undefined): string {
    const cameraParam = policy.kind === "action" ? policy.cameraParam : undefined;
    return path.replace(/:(\w+)/g, (_, name: string) => {
      return name === cameraParam && which !== undefined ? this.#id(which) : randomUUID();
    });
  }

  async #fetch(caller: MatrixCaller, method: string, path: string, body?: unknown) {
    const token = await caller.token();
    const response = await this.#world.server.call(method, path, { token, ...(body === undefined ? {} : { body }) });
    return { status: response.status, text: await response.text() };
  }

  async #call(caller: MatrixCaller, method: string, path: string, body: unknown) {
    const { status, text } = await this.#fetch(caller, method, path, body);
    return { status, code: codeOf(text) };
  }

  #check(
    what: string,
    caller: MatrixCaller,
    may: boolean,
    got: { status: number; code: string | undefined },
    alsoRefused?: ReadonlySet<string>,
  ): void {
    const code = got.code ?? "";
    const refused = got.status === 401 || REFUSALS.has(code) || (alsoRefused?.has(code) ?? false);
    this.#count(what, caller, may, !refused, `${got.status} ${got.code ?? ""}`);
    // A failure says nothing about rights: it must not pass for a yes.
    if (got.status >= 500) this.wrong.push(`${what} as ${caller.name}: ${got.status} ${got.code ?? ""}`);
  }

  #count(what: string, caller: MatrixCaller, expected: boolean, got: boolean, shown: string): void {
    this.cells++;
    if (expected !== got)
      this.wrong.push(`${what} as ${caller.name}: ${expected ? "should" : "must not"}, got ${shown}`);
  }
}

/** What says no to the caller, and not to what was asked. */
const REFUSALS: ReadonlySet<string> = new Set([
  "auth.required",
  "auth.forbidden",
  "auth.session_ended",
  "camera.not_found",
  "layout.bad_cells",
]);

function codeOf(text: string): string | undefined {
  if (!text.startsWith("{")) return undefined;
  return (JSON.parse(text) as { error?: { code: string } }).error?.code;
}
