// The program `fluxvision`: the entry of the bundle dist/server/cli.mjs.
import { type CommandEntry, runCli } from "./cli.ts";
import { processIo } from "./io.ts";

const commands: Record<string, CommandEntry> = {
  serve: {
    synopsis: "",
    summary: "Run the server (settings: FLUXVISION_* and DATABASE_URL in the environment)",
    load: async () => (await import("../main.ts")).serve,
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
  bench: {
    synopsis: "NAME [--json]",
    summary: "Measure one part beside its peer; `bench` alone lists the names",
    load: async () => (await import("./bench.ts")).runBench,
  },
};

process.exitCode = await runCli(process.argv.slice(2), commands, processIo);
