// The program `fluxvision`: the entry of the bundle dist/server/cli.mjs.
import { describeError, ownStack } from "../../shared/lib/errors.ts";
import { type CommandEntry, runCli } from "./cli.ts";
import { processIo } from "./io.ts";

const commands: Record<string, CommandEntry> = {
  serve: {
    synopsis: "",
    summary: "Run the server (settings: FLUXVISION_* and DATABASE_URL in the environment)",
    load: async () => (await import("../main.ts")).serve,
  },
  check: {
    synopsis: "[--repair] [--full] [--json]",
    summary: "Compare recordings on disk with the index while the server is stopped; repair what differs",
    load: async () => (await import("./check.ts")).runCheck,
  },
  simulate: {
    synopsis: "[--port N] [--cameras N] [--user U --password P] [--transport any|tcp|udp]",
    summary: "Run RTSP camera simulators that play the demo clips",
    load: async () => (await import("./simulate.ts")).runSimulate,
  },
  vectors: {
    synopsis: "FILE [--browser]",
    summary: "Check the ciphers against a file of known answers, in Node or in Chromium",
    load: async () => (await import("./vectors.ts")).runVectors,
  },
  export: {
    synopsis:
      "--camera ID|NAME --from TIME --to TIME --out FILE [--format mp4|mkv|sealed] [--server URL] [--user NAME]",
    summary: "Save a package of footage from a running server; password (and passphrase) are read from standard input",
    load: async () => (await import("./export.ts")).runExport,
  },
  verify: {
    synopsis:
      "PACKAGE [--json] [--key FINGERPRINT] [--passphrase-stdin] | audit FILE|--database [--anchor SEQ:HASH] [--key FINGERPRINT]",
    summary: "Check an export package, or the audit trail: what was changed since it was made, and who signed it",
    load: async () => (await import("./verify.ts")).runVerify,
  },
  keys: {
    synopsis:
      "list|rotate|export [--camera ID|NAME --day YYYY-MM-DD --reason TEXT --out FILE [--recipient JWK_FILE]] [--server URL] [--user NAME] [--json]",
    summary: "Show, renew or hand out keys of a running server; password (and passphrase) are read from standard input",
    load: async () => (await import("./keys.ts")).runKeys,
  },
  bench: {
    synopsis: "NAME [--json]",
    summary: "Measure one part beside its peer; `bench` alone lists the names",
    load: async () => (await import("./bench.ts")).runBench,
  },
};

try {
  process.exitCode = await runCli(process.argv.slice(2), commands, processIo);
} catch (error) {
  // Not left to Node, which prints whatever an error holds: a failed query holds what it was given.
  processIo.err(`fluxvision: ${describeError(error)}\n${error instanceof Error ? ownStack(error) : ""}\n`);
  process.exitCode = 70;
}
