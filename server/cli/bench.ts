import { availableParallelism, cpus, release, totalmem } from "node:os";
import { exitUsage } from "./cli.ts";
import type { CliIo } from "./io.ts";

/** A benchmark: starts what it needs, measures its peer in the same run, returns the figures. */
export interface Bench {
  run(args: string[]): Promise<object>;
}

/** Add a line per file in server/bench; each is loaded only when it is asked for. */
const benches: Record<string, () => Promise<Bench>> = {
  auth: () => import("../bench/auth.ts"),
  crypto: async () => ({ run: (await import("../bench/crypto.ts")).benchCrypto }),
  ingest: () => import("../bench/ingest.ts"),
  latency: () => import("../bench/latency.ts"),
  record: () => import("../bench/record.ts"),
  relay: () => import("../bench/relay.ts"),
  seek: () => import("../bench/seek.ts"),
  soak: () => import("../bench/soak.ts"),
  timeline: () => import("../bench/timeline.ts"),
  wall: () => import("../bench/wall.ts"),
};

/** Facts without which a figure means nothing. No host names: results are published. */
export function machineFacts(): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryMib: Math.round(totalmem() / 2 ** 20),
    os: `${process.platform} ${release()} ${process.arch}`,
    node: process.versions.node,
  };
}

function describeResult(result: object, indent = "  "): string {
  return Object.entries(result)
    .map(([key, value]: [string, unknown]) =>
      typeof value === "object" && value !== null
        ? `${indent}${key}:\n${describeResult(value, `${indent}  `)}`
        : `${indent}${key}: ${String(value)}\n`,
    )
    .join("");
}

/**
 * `bench NAME [--json] [options of that benchmark]`. With --json the last line of the output is one JSON object
 * `{bench, machine, ...figures}`; without it the figures are printed for people.
 */
export async function runBench(args: string[], io: CliIo): Promise<number> {
  const [name, ...rest] = args;
  const load = name !== undefined && Object.hasOwn(benches, name) ? benches[name] : undefined;
  if (name === undefined || !load) {
    const known = Object.keys(benches).join(", ") || "none in this build";
    io.err(`${name === undefined ? "Which benchmark?" : `There is no benchmark "${name}".`} Known: ${known}.\n`);
    return exitUsage;
  }
  const bench = await load();
  const figures = await bench.run(rest.filter((arg) => arg !== "--json"));
  const result = { bench: name, machine: machineFacts(), ...figures };
  io.out(rest.includes("--json") ? `${JSON.stringify(result)}\n` : `${name}\n${describeResult(result)}`);
  return 0;
}
