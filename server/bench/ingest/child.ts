import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A child process that reports in lines, and that is ours to end. */
export class Child {
  readonly process: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = "";

  constructor(
    command: string,
    args: readonly string[],
    options: { readLines?: boolean; cwd?: string; env?: NodeJS.ProcessEnv } = {},
  ) {
    this.process = spawn(command, [...args], { stdio: ["pipe", "pipe", "pipe"], cwd: options.cwd, env: options.env });
    this.process.on("error", (error) => {
      this.#stderr += String(error);
    });
    this.process.on("exit", () => this.#wake());
    this.process.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-4000);
    });
    if (this.process.stdout) {
      createInterface({ input: this.process.stdout }).on("line", (line) => {
        this.#lines.push(line);
        if (this.#lines.length > 2000) this.#lines.splice(0, 1000);
        this.#wake();
      });
    }
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  get stderr(): string {
    return this.#stderr.trim();
  }

  get exited(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  /** The newest line that matches, once there is one. Rejects when the process ends first, or in time. */
  async line(pattern: RegExp, timeoutMs: number): Promise<string> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = this.#lines.findLast((line) => pattern.test(line));
      if (found !== undefined) return found;
      const leftMs = deadline - performance.now();
      if (this.exited || leftMs <= 0) {
        throw new Error(`${this.process.spawnfile}: no line like ${pattern} (${this.stderr.slice(-500) || "silent"})`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, leftMs);
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  /** Every line so far that matches. */
  lines(pattern: RegExp): string[] {
    return this.#lines.filter((line) => pattern.test(line));
  }

  /** Ends its input and lets it come to an end by itself for so long. */
  async finish(patienceMs: number): Promise<void> {
    if (this.exited) return;
    const exit = once(this.process, "exit");
    this.process.stdin?.end();
    const stop = setTimeout(() => void this.stop(), patienceMs);
    await exit;
    clearTimeout(stop);
  }

  async stop(): Promise<void> {
    if (this.exited) return;
    const exit = once(this.process, "exit");
    this.process.stdin?.end();
    this.process.kill("SIGTERM");
    const kill = setTimeout(() => this.process.kill("SIGKILL"), 5_000);
    await exit;
    clearTimeout(kill);
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
