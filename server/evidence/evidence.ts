import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { BookmarkService } from "./bookmark-service.ts";
import { CaseService } from "./case-service.ts";
import { LockService } from "./lock-service.ts";

/** What people say about footage: marks, locks, cases. */
export interface Evidence {
  readonly bookmarks: BookmarkService;
  readonly locks: LockService;
  readonly cases: CaseService;
}

export function createEvidence(orm: Orm, clock: Clock): Evidence {
  return {
    bookmarks: new BookmarkService(orm, clock),
    locks: new LockService(orm, clock),
    cases: new CaseService(orm, clock),
  };
}
