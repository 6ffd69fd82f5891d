import type { AuthScheme } from "../simulator/authentication.ts";
import { startSimulator } from "../simulator/simulator.ts";
import { UsageError } from "./cli.ts";
import { type FlagSpec, parseFlags } from "./flags.ts";
import type { CliIo } from "./io.ts";

const schemes: readonly AuthScheme[] = ["basic", "digest-md5", "digest-sha-256"];

const flags = {
  host: { kind: "string" },
  port: { kind: "integer", min: 0, max: 65_535 },
  cameras: { kind: "integer", min: 1, max: 256 },
  user: { kind: "string" },
  password: { kind: "string" },
  auth: { kind: "string", oneOf: schemes },
  transport: { kind: "string", oneOf: ["any", "tcp", "udp"] },
  clip: { kind: "string" },
} satisfies Record<string, FlagSpec>;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

/** `fluxvision simulate`: runs until SIGINT or SIGTERM. Prints one URL per stream. */
export async function runSimulate(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseFlags(args, flags);
  if (positionals.length > 0) throw new UsageError(`unexpected argument "${positionals[0]}".`);
  const [user, password, clip] = [text(values.user), text(values.password), text(values.clip)];
  if ((user === undefined) !== (password === undefined)) throw new UsageError("--user and --password go together.");
  const simulator = await startSimulator({
    host: text(values.host) ?? "127.0.0.1",
    port: typeof values.port === "number" ? values.port : 8554,
    cameras: typeof values.cameras === "number" ? values.cameras : 9,
    transport: values.transport === "tcp" || values.transport === "udp" ? values.transport : "any",
    ...(user !== undefined && password !== undefined ? { user, password } : {}),
    ...(values.auth ? { schemes: schemes.filter((scheme) => scheme === values.auth) } : {}),
    ...(clip === undefined ? {} : { clips: { main: clip, sub: clip } }),
  });
  for (const { number, name } of simulator.cameras) {
    io.out(`${name}\n  ${simulator.url(number, "main")}\n  ${simulator.url(number, "sub")}\n`);
  }
  io.err("Playing; Ctrl-C ends it.\n");
  await new Promise<void>((done) => {
    process.once("SIGINT", () => done());
    process.once("SIGTERM", () => done());
  });
  await simulator.close();
  return 0;
}
