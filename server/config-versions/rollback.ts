import { ZodError } from "zod";
import {
  CONFIG_SECTIONS,
  type ConfigSection,
  type RollbackPlan,
  type RollbackResult,
  type RollbackTarget,
} from "../../shared/api/config.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import type { Audit } from "../audit/audit.ts";
import type { AuditEntry } from "../audit/row.ts";
import { canEverywhere, type Principal } from "../auth/policy.ts";
import type { Logger } from "../core/log.ts";
import { APPLY, type OwningServices } from "./apply.ts";
import { fingerprintOf, planOf, type Step, stepBody, type Wanted } from "./plan.ts";
import type { ReadParts } from "./read-devices.ts";
import { READERS, SECTION_ACTIONS } from "./sections.ts";
import type { ConfigObject } from "./state.ts";
import { type ConfigVersionStore, type Sight, stateChanges } from "./store.ts";

export interface RollbackParts extends ReadParts {
  readonly services: OwningServices;
  readonly store: ConfigVersionStore;
  readonly audit: Audit;
  readonly log: Logger;
}

/** Who did it, as audit entries name them. */
export type Actor = Pick<AuditEntry, "actorId" | "actorName" | "sessionId" | "ip">;

/** What a principal may see of the configuration's past, and bring back. */
export function sightOf(principal: Principal): Sight {
  const sections = CONFIG_SECTIONS.filter(
    (section) => canEverywhere(principal, "config.manage") && canEverywhere(principal, SECTION_ACTIONS[section]),
  );
  return {
    sections: new Set(sections),
    shows: (section, { before, after }) =>
      section !== "layouts" ||
      [before, after].every((side) => side === null || side.shared === true || side.owner === principal.userId),
  };
}

/**
 * The way back to an older configuration. What would change is shown first; then it goes through the services that own the
 * objects, with the rights of whoever asks: nobody gets through a roll-back what he could not set by hand.
 */
export class Rollback {
  readonly #parts: RollbackParts;

  constructor(parts: RollbackParts) {
    this.#parts = parts;
  }

  /** Throws `config.not_found`. */
  async preview(by: Principal, target: RollbackTarget): Promise<RollbackPlan> {
    const steps = await this.#plan(by, target);
    return { steps: steps.map(stepBody), plan: fingerprintOf(steps) };
  }

  /**
   * Does what `preview` showed, as far as it can: what a service refuses is named, and the rest is done. Throws
   * `config.changed_meanwhile` unless it is still the same plan, `config.nothing_to_do`, `audit.unavailable`.
   */
  async run(
    by: Principal,
    actor: Actor,
    target: RollbackTarget,
    plan: string,
    reason: string,
  ): Promise<RollbackResult> {
    const steps = await this.#plan(by, target);
    if (fingerprintOf(steps) !== plan) {
      throw new FluxError("config.changed_meanwhile", "the configuration was changed meanwhile: look again");
    }
    const open = steps.filter(({ skipped }) => !skipped);
    if (open.length === 0) throw new FluxError("config.nothing_to_do", "there is nothing to bring back");
    const { audit } = this.#parts;
    const about = { ...actor, target: String(target.version) };
    const details = { ...target, reason, objects: open.length };
    await audit.require({ ...about, action: "config.rollback_asked", details });
    const failed: RollbackResult["failed"] = [];
    for (const step of open) {
      const { section, change } = step;
      const fault = await this.#step(by, actor, step, target.version);
      if (fault) failed.push({ section, id: change.id, label: change.label, ...fault });
    }
    const done = open.length - failed.length;
    const outcome = done === 0 ? "failed" : "ok";
    await audit.add({ ...about, action: "config.rollback", outcome, details: { ...details, done, failed } });
    return { done, failed };
  }

  async #step(by: Principal, actor: Actor, { section, change }: Step, rollsBack: number) {
    const { services, audit, log } = this.#parts;
    try {
      const action = await APPLY[section](services, by, change);
      await audit.add({ ...actor, action, target: change.id, details: { name: change.label, rollsBack } });
      return undefined;
    } catch (err) {
      if (err instanceof FluxError) return { code: errorCode(err) ?? "", message: err.message };
      if (err instanceof ZodError) {
        return { code: "config.not_fitting", message: "this server no longer takes these settings" };
      }
      log.error({ err, section, object: change.id }, "a roll-back failed");
      return { code: "internal", message: "this failed; the server's log says why" };
    }
  }

  async #plan(by: Principal, target: RollbackTarget): Promise<Step[]> {
    const sight = sightOf(by);
    const now = await this.#now(sight.sections);
    const wanted =
      target.kind === "undo" ? await this.#undone(target, now, sight) : await this.#state(target, now, sight);
    const seen = wanted.filter(({ section, change }) => sight.shows(section, change));
    const users = new Set(now.get("users")?.keys() ?? []);
    return planOf(seen, by.userId, users);
  }

  async #undone(
    { version, objectId }: RollbackTarget & { kind: "undo" },
    now: Map<ConfigSection, Map<string, ConfigObject>>,
    sight: Sight,
  ): Promise<Wanted[]> {
    const { section, changes } = await this.#parts.store.version(version, sight);
    if (section === null) return [];
    const ids = new Set(changes.map(({ id }) => id).filter((id) => objectId === undefined || id === objectId));
    const row = await this.#parts.store.row(version);
    const goal = new Map(now.get(section));
    for (const { id, label, before } of row.changes) {
      if (!ids.has(id)) continue;
      if (before === null) goal.delete(id);
      else goal.set(id, { label, value: before });
    }
    return stateChanges(now, new Map([...now, [section, goal]])).filter(({ section: of }) => of === section);
  }

  async #state(
    { version, sections, objectId }: RollbackTarget & { kind: "state" },
    now: Map<ConfigSection, Map<string, ConfigObject>>,
    sight: Sight,
  ): Promise<Wanted[]> {
    const asked = new Set([...sight.sections].filter((section) => sections?.includes(section) ?? true));
    const then = await this.#parts.store.after(version, asked);
    const scoped = new Map([...now].filter(([section]) => asked.has(section)));
    const all = stateChanges(scoped, then);
    return objectId === undefined ? all : all.filter(({ change }) => change.id === objectId);
  }

  /** From the tables themselves, not from what the last version knows. */
  #now(sections: ReadonlySet<ConfigSection>): Promise<Map<ConfigSection, Map<string, ConfigObject>>> {
    return this.#parts.services.orm.transaction(async (transaction) => {
      const state = new Map<ConfigSection, Map<string, ConfigObject>>();
      // Who there is is needed for groups.
      for (const section of new Set([...sections, "users" as const])) {
        state.set(section, await READERS[section](transaction, this.#parts, undefined));
      }
      return state;
    });
  }
}
