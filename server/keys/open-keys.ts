import type { Suite } from "../../shared/crypto/types.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Orm } from "../db/database.ts";
import { subKey } from "./aria.ts";
import { FieldSealer } from "./field-sealer.ts";
import { Generations } from "./generations.ts";
import { KeyExport } from "./key-export.ts";
import { type RootKeyFacts, rootKeyFacts } from "./key-facts.ts";
import { KeyRevocation } from "./key-revocation.ts";
import { KeyRotation } from "./key-rotation.ts";
import { KeyService } from "./key-service.ts";
import { MasterKeys } from "./master-keys.ts";
import type { RootKey } from "./root-key.ts";
import { SealedFields } from "./sealed-fields.ts";
import { VideoKeys } from "./video-keys.ts";

export interface KeysOptions {
  readonly orm: Orm;
  readonly rootKey: Uint8Array;
  /** Where the root key came from, for those who ask. */
  readonly rootOrigin?: RootKey["origin"];
  readonly clock: Clock;
  readonly log: Logger;
  /** What new video keys are for. */
  readonly suite?: Suite;
}

/** Everything that the root key opens. */
export interface Keys {
  readonly root: RootKeyFacts;
  readonly service: KeyService;
  readonly masterKeys: MasterKeys;
  readonly rotation: KeyRotation;
  readonly revocation: KeyRevocation;
  readonly exports: KeyExport;
  readonly fields: SealedFields;
  /** What new video keys are for. */
  readonly suite: Suite;
  readonly generations: Generations;
  readonly sealer: FieldSealer;
  /** Authenticates refresh tokens. From the root key: sessions outlive a change of the master key. */
  readonly refreshMacKey: Uint8Array;
  /** Authenticates rows of the audit chain. From the root key: the chain outlives every other key. */
  readonly auditMacKey: Uint8Array;
  /** Compares secrets of the configuration without keeping them. */
  readonly configMarkKey: Uint8Array;
  close(): Promise<void>;
}

/** Throws `keys.wrong_root_key`. */
export async function openKeys(options: KeysOptions): Promise<Keys> {
  const { orm, rootKey, clock, log, suite = "LEA-256-GCM", rootOrigin = "file" } = options;
  const masterKeys = await MasterKeys.open(orm, rootKey, clock);
  const generations = new Generations(orm, clock);
  const videoKeys = new VideoKeys(orm, masterKeys, clock, suite);
  const service = new KeyService(videoKeys, generations, clock, log);
  const sealer = new FieldSealer(masterKeys);
  const fields = new SealedFields(orm, sealer, masterKeys);
  const rotation = new KeyRotation({ orm, masterKeys, videoKeys, fields, clock, log });
  return {
    root: rootKeyFacts(rootKey, rootOrigin),
    service,
    masterKeys,
    rotation,
    revocation: new KeyRevocation(orm, videoKeys, clock),
    exports: new KeyExport(orm, videoKeys),
    fields,
    suite,
    generations,
    sealer,
    refreshMacKey: subKey(rootKey, "fluxvision refresh token v1"),
    auditMacKey: subKey(rootKey, "fluxvision audit mac v1"),
    configMarkKey: subKey(rootKey, "fluxvision config mark v1"),
    close: async () => {
      await rotation.close();
      await service.close();
    },
  };
}
