import { join } from "node:path";
import { loadFluxCrypto } from "../../shared/crypto/load-node.ts";
import { FrameOpener } from "../../shared/evidence/frame-opener.ts";
import { systemClock } from "../../shared/lib/clock.ts";
import { describeError, FluxError } from "../../shared/lib/errors.ts";
import { Scope } from "../../shared/lib/scope.ts";
import { ArchiveCheck, type CheckReport } from "../archive/check.ts";
import { archiveStoreParts, createStore, openCredentials } from "../archive/stores/create-store.ts";
import { loadConfig } from "../config/env.ts";
import { createLog } from "../core/log.ts";
import { openDatabase } from "../db/database.ts";
import { storageVolumes } from "../db/schema/index.ts";
import { openKeys } from "../keys/open-keys.ts";
import { findRootKey, ROOT_KEY_FILE } from "../keys/root-key.ts";
import { createOutboundGuard } from "../net/outbound-settings.ts";
import { parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";

/**
 * `check [--repair] [--full] [--json]`: recordings on disk against the index. 0: all is well, or all was repaired; 1: findings
 * remain; 2: it could not be done (a running server holds the data folder).
 */
export async function runCheck(args: string[], io: CliIo): Promise<number> {
  const { values } = parseFlags(args, {
    repair: { kind: "boolean" },
    full: { kind: "boolean" },
    json: { kind: "boolean" },
  });
  const scope = new Scope();
  try {
    const report = await check(scope, values.repair === true, values.full === true);
    const left = report.findings.filter(({ repaired }) => !repaired);
    if (values.json === true) io.out(`${JSON.stringify(report)}\n`);
    else tell(report, io);
    return left.length === 0 ? 0 : 1;
  } catch (error) {
    io.err(`fluxvision check: ${describeError(error)}\n`);
    return 2;
  } finally {
    await scope.close();
  }
}

async function check(scope: Scope, repair: boolean, full: boolean): Promise<CheckReport> {
  const config = loadConfig();
  const clock = systemClock();
  const log = createLog("silent");
  const rootKey = await findRootKey({
    file: join(config.dataDir, ROOT_KEY_FILE),
    environment: config.rootKey,
    command: config.rootKeyCommand,
  });
  const database = scope.own(await openDatabase({ url: config.databaseUrl, dataDir: config.dataDir, clock, log }));
  const keys = scope.own(await openKeys({ orm: database.orm, rootKey: rootKey.key, clock, log }));
  const opener = new FrameOpener(await loadFluxCrypto(), (name) =>
    keys.service.epochKey(name.cameraId, name.keyId, name.generation, name.epoch),
  );
  scope.add(() => opener.close());
  const outbound = scope.own(createOutboundGuard(config.outbound, () => new Set()));
  const rows = await database.orm.select().from(storageVolumes);
  const parts = archiveStoreParts(clock, outbound);
  const store = (id: string) => {
    const row = rows.find((volume) => volume.id === id);
    if (!row) throw new FluxError("storage.not_found", "there is no such volume");
    return createStore(row, openCredentials(row, keys.sealer), parts);
  };
  return new ArchiveCheck(database.orm, { rows, store }, { repair, full, opener }).run();
}

function tell({ files, bytes, frames, opened, findings }: CheckReport, io: CliIo): void {
  for (const { kind, path, message, repaired } of findings) {
    io.out(`${repaired ? "repaired" : "found"}  ${kind}  ${path}  ${message}\n`);
  }
  const left = findings.filter(({ repaired }) => !repaired).length;
  io.out(
    `${files} files, ${(bytes / 1e6).toFixed(1)} MB, ${frames} frames, ${opened} opened: ` +
      `${findings.length} findings, ${findings.length - left} repaired\n`,
  );
}
