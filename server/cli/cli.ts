import type { CliIo } from "./io.ts";

/** One subcommand: resolves to the process's exit code. */
export type Command = (args: string[], io: CliIo) => Promise<number>;

/** A mistake in how a command was called; printed without a stack, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export interface CommandEntry {
  /** Shown after the name in the help, for example `FILE`. */
  readonly synopsis: string;
  readonly summary: string;
  /** Loads the command's own code, so that one command does not pay for another's. */
  load(): Promise<Command>;
}

export const exitUsage = 2;

function helpText(commands: Record<string, CommandEntry>): string {
  const rows = Object.entries(commands).map(
    ([name, { synopsis, summary }]) => `  ${`${name} ${synopsis}`.trim()}\n      ${summary}\n`,
  );
  return `Usage: fluxvision [command] [options]\n\n${rows.join("")}  help\n      This text\n\nWithout a command: serve.\n`;
}

/**
 * Picks the command, runs it and turns usage mistakes into a clear message.
 * Anything else that a command throws is a fault of ours and reaches the caller.
 */
export async function runCli(argv: string[], commands: Record<string, CommandEntry>, io: CliIo): Promise<number> {
  const [first] = argv;
  if (first === "help" || first === "--help" || first === "-h") {
    io.out(helpText(commands));
    return 0;
  }
  const named = first !== undefined && !first.startsWith("-");
  const name = named ? first : "serve";
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) {
    io.err(`fluxvision: there is no command "${name}".\n\n${helpText(commands)}`);
    return exitUsage;
  }
  try {
    const command = await entry.load();
    return await command(named ? argv.slice(1) : argv, io);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.err(`fluxvision ${name}: ${error.message}\n`);
    return exitUsage;
  }
}
