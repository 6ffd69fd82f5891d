import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { Logger } from "pino";
import type { Clock, Timer } from "../../shared/lib/clock.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import { millis } from "../../shared/lib/time.ts";

export interface DemoCamera {
  readonly name: string;
  readonly url: string;
  readonly subUrl: string;
}

export interface DemoCameras {
  readonly port: number;
  readonly cameras: readonly DemoCamera[];
  close(): Promise<void>;
}

export interface DemoOptions {
  /** The built command line, run in a process of its own: what it uses is not the server's. */
  readonly cliPath: string;
  readonly names: readonly string[];
  readonly port: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const START_TIMEOUT_MS = 10_000;
const RESTART_DELAY = millis(2_000);

/** Runs the camera simulator beside the server, on loopback only, and starts it again if it dies. */
export async function startDemoCameras(options: DemoOptions): Promise<DemoCameras> {
  const { port } = options;
  let child: ChildProcess | undefined;
  let restart: Timer | undefined;
  let closing = false;

  const start = (): void => {
    const args = [options.cliPath, "simulate", "--host", "127.0.0.1", "--port", String(port)];
    // Not execPath: that is the C library's loader where Node was started through one.
    const started = spawn(process.argv0, [...args, "--cameras", String(options.names.length)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    let complaint = "";
    started.stderr?.on("data", (chunk: Buffer) => {
      complaint = (complaint + chunk.toString("utf8")).slice(-500);
    });
    started.on("error", (error) => options.log.warn({ err: error }, "the demo cameras could not be started"));
    started.on("exit", (code) => {
      if (closing) return;
      options.log.warn({ code, complaint }, "the demo cameras ended; starting them again");
      restart = options.clock.after(RESTART_DELAY, start);
    });
    child = started;
  };
  const close = async (): Promise<void> => {
    if (closing) return;
    closing = true;
    restart?.cancel();
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    await exited;
  };
  start();
  try {
    await untilListening(port, options.clock);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    port,
    cameras: options.names.map((name, index) => {
      const base = `rtsp://127.0.0.1:${port}/cam${String(index + 1).padStart(2, "0")}`;
      return { name, url: `${base}/main`, subUrl: `${base}/sub` };
    }),
    close,
  };
}

const PREFERRED_PORT = 18_554;

/** Where the demo cameras are to listen: chosen before the server starts, which allows cameras there and nowhere else here. */
export async function chooseDemoPort(preferred = PREFERRED_PORT): Promise<number> {
  return (await tryListen(preferred)) ?? (await tryListen(0)) ?? preferred;
}

async function tryListen(port: number): Promise<number | undefined> {
  const server = createServer();
  const bound = await new Promise<number | undefined>((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : undefined);
    });
  });
  if (bound !== undefined) await new Promise((resolve) => server.close(resolve));
  return bound;
}

async function untilListening(port: number, clock: Clock): Promise<void> {
  const deadline = clock.monotonicMs() + START_TIMEOUT_MS;
  while (clock.monotonicMs() < deadline) {
    if (await canConnect(port)) return;
    await new Promise<void>((resolve) => clock.after(millis(50), resolve));
  }
  throw new FluxError("demo.not_started", `the demo cameras did not answer on port ${port}`);
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1" });
    const finish = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once("connect", () => finish(true));
    socket.once("error", () => finish(false));
  });
}
