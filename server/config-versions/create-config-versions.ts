import type { Clock } from "../../shared/lib/clock.ts";
import type { Audit } from "../audit/audit.ts";
import type { Logger } from "../core/log.ts";
import type { FieldSealer } from "../keys/field-sealer.ts";
import type { OwningServices } from "./apply.ts";
import { ConfigRecorder } from "./recorder.ts";
import { Rollback } from "./rollback.ts";
import { ConfigVersionStore } from "./store.ts";

export interface ConfigVersionsParts extends OwningServices {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly log: Logger;
  readonly sealer: FieldSealer;
  /** Under which secrets are compared; from the root key, so that versions outlive a change of the master key. */
  readonly markKey: Uint8Array;
}

export interface ConfigVersions {
  readonly recorder: ConfigRecorder;
  readonly store: ConfigVersionStore;
  readonly rollback: Rollback;
  /** When no version is being made. */
  close(): Promise<void>;
}

/** From here on every change that the audit trail tells of makes a version. `recorder.start()` looks at what is there. */
export function createConfigVersions(parts: ConfigVersionsParts): ConfigVersions {
  const { orm, clock, log, audit, sealer, markKey, ...services } = parts;
  const recorder = new ConfigRecorder({ orm, clock, log, audit, sealer, markKey });
  audit.enrichWith(recorder.enrich);
  const store = new ConfigVersionStore(orm);
  const rollback = new Rollback({ services: { ...services, orm }, store, audit, log, sealer, markKey });
  return { recorder, store, rollback, close: () => recorder.settled() };
}
