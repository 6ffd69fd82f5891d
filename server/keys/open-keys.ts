import type { Suite } from "../../shared/crypto/types.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { FieldSealer } from "./field-sealer.ts";
import { Generations } from "./generations.ts";
import { KeyService } from "./key-service.ts";
import { MasterKeys } from "./master-keys.ts";
import { VideoKeys } from "./video-keys.ts";

export interface KeysOptions {
  readonly orm: Orm;
  readonly rootKey: Uint8Array;
  readonly clock: Clock;
  readonly log: Logger;
  /** What new video keys are for. */
  readonly suite?: Suite;
}

/** Everything that the master key opens. */
export interface Keys {
  readonly service: KeyService;
  readonly generations: Generations;
  readonly sealer: FieldSealer;
  /** Authenticates refresh tokens. */
  readonly refreshMacKey: Uint8Array;
}

/** Throws `keys.wrong_root_key`. */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const { orm, rootKey, clock, log, suite = "LEA-256-GCM" } = options;
  const masterKeys = await MasterKeys.open(orm, rootKey, clock);
  const generations = new Generations(orm, clock);
  const videoKeys = new VideoKeys(orm, masterKeys, clock, suite);
  return {
    service: new KeyService(videoKeys, generations, clock, log),
    generations,
    sealer: new FieldSealer(masterKeys),
    refreshMacKey: masterKeys.forPurpose(masterKeys.currentId, "fluxvision refresh token v1"),
  };
}
