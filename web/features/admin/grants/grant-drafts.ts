import type { GrantBody, GrantScope } from "../../../../shared/api/access.ts";
import { scopeKey } from "./access-text.ts";

/** A grant that is being put together: its scope comes last. */
export interface GrantDraft {
  readonly roleId: GrantBody["roleId"];
  readonly scope: GrantScope | undefined;
}

/** What can be sent; undefined while a line is not finished. */
export function finished(drafts: readonly GrantDraft[]): GrantBody[] | undefined {
  const whole = drafts.flatMap(({ roleId, scope }) => (scope === undefined ? [] : [{ roleId, scope }]));
  return whole.length === drafts.length && !drafts.some((_, index) => isTwice(drafts, index)) ? whole : undefined;
}

/** The same role on the same scope is there above. */
export function isTwice(drafts: readonly GrantDraft[], index: number): boolean {
  const key = keyOf(drafts[index]);
  return key !== undefined && drafts.slice(0, index).some((draft) => keyOf(draft) === key);
}

/** Whether both hold the same, in whatever order. */
export function sameGrants(a: readonly GrantDraft[], b: readonly GrantDraft[]): boolean {
  const keys = new Set(a.map(keyOf));
  return keys.size === new Set(b.map(keyOf)).size && b.every((grant) => keys.has(keyOf(grant)));
}

/** `grants.3.roleId` of a refusal is the fourth line. */
export function linesAtFault(
  details: readonly { readonly field: string }[],
  text: string,
): ReadonlyMap<number, string> {
  const lines = details.flatMap(({ field }) => /^grants\.(\d+)/.exec(field)?.[1] ?? []);
  return new Map(lines.map((line) => [Number(line), text]));
}

function keyOf(draft: GrantDraft | undefined): string | undefined {
  return draft?.scope === undefined ? undefined : `${draft.roleId} ${scopeKey(draft.scope)}`;
}
