import { execFile } from "node:child_process";
import { FluxError } from "../../shared/lib/errors.ts";
import { programEnvironment } from "../config/program-env.ts";
import { printable } from "../core/printable.ts";

/** A KMS answers within seconds; a server that waits for ever at its start helps nobody. */
const TIME_LIMIT_MS = 15_000;
/** A key is 64 characters at most. */
const MOST_OUTPUT = 4096;
const MOST_SAID = 300;

/**
 * What a program prints on standard output, without a shell. It sees our environment (credentials of its own service live
 * there) but none of our settings. Throws `keys.root_key_unreadable` with what it said on standard error, never with its output.
 */
export function printedBy(command: readonly string[], timeLimitMs = TIME_LIMIT_MS): Promise<string> {
  const [program, ...args] = command;
  if (program === undefined) return Promise.reject(failed("no program is named"));
  const options = {
    env: programEnvironment(),
    shell: false,
    timeout: timeLimitMs,
    killSignal: "SIGKILL",
    maxBuffer: MOST_OUTPUT,
    windowsHide: true,
    encoding: "utf8",
  } as const;
  return new Promise((done, fail) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (!error) {
        done(stdout.trim());
        return;
      }
      const { code, killed, signal } = error;
      if (code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER") fail(failed(`printed more than ${MOST_OUTPUT} bytes`));
      else if (killed === true) fail(failed(`did not end within ${timeLimitMs / 1000} s`));
      else if (typeof code === "string") fail(failed(`cannot be run: ${code}`));
      else fail(failed(`ended with ${code ?? signal}${said(stderr)}`));
    });
    child.stdin?.end();
  });
}

function said(stderr: string): string {
  const text = printable(stderr.slice(0, MOST_SAID)).trim();
  return text === "" ? "" : `: ${text}`;
}

function failed(what: string): FluxError {
  return new FluxError("keys.root_key_unreadable", `the root key's command ${what}`);
}
