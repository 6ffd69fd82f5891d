import { execFile, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Crypto++ in a process of its own, asked one measurement at a time. */
export interface CryptoPp {
  readonly version: string;
  /** Nanoseconds that `times` messages of `bytes` took. */
  measure(operation: "seal" | "open", bytes: number, times: number): Promise<number>;
  close(): Promise<void>;
}

async function compile(root: string): Promise<{ program: string; version: string }> {
  const program = join(root, "dist", "bench", "cryptopp-lea");
  await mkdir(dirname(program), { recursive: true });
  const source = join(root, "server", "bench", "peers", "cryptopp-lea.cpp");
  const macro = ["-x", "c++", "-E", "-dM", "-include", "crypto++/config_ver.h", "/dev/null"];
  const { stdout } = await run("g++", macro, { maxBuffer: 8 * 1024 * 1024 });
  const part = (name: string): string => new RegExp(`CRYPTOPP_${name} (\\d+)`).exec(stdout)?.[1] ?? "?";
  await run("g++", ["-O2", "-o", program, source, "-lcrypto++"]);
  return { program, version: `Crypto++ ${part("MAJOR")}.${part("MINOR")}` };
}

/** Builds and starts the peer; `root` is the checkout. A reason instead where no compiler or no headers are installed. */
export async function startCryptoPp(root: string): Promise<CryptoPp | { unavailable: string }> {
  let built: { program: string; version: string };
  try {
    built = await compile(root);
  } catch {
    return { unavailable: "peer unavailable: needs g++ and libcrypto++-dev" };
  }
  const child = spawn(built.program, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    version: built.version,
    async measure(operation, bytes, times) {
      child.stdin.write(`${operation} ${bytes} ${times}\n`);
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the Crypto++ peer ended early");
      return Number(value);
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
