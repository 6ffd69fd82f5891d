import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { systemClock } from "../shared/lib/clock.ts";
import { describeError } from "../shared/lib/errors.ts";
import { millis } from "../shared/lib/time.ts";
import type { CliIo } from "./cli/io.ts";
import { compose, type Server } from "./compose.ts";
import { type Config, loadConfig } from "./config/env.ts";
import { createLog, type Logger } from "./core/log.ts";
import { chooseDemoPort, type DemoCameras, startDemoCameras } from "./demo/demo-cameras.ts";
import { putDemoCameras } from "./demo/put-demo-cameras.ts";
import { openClipLibrary } from "./simulator/clip-library.ts";
import { VERSION } from "./version.ts";

/** A close that takes longer is given up: whoever stopped us is waiting. */
const CLOSE_LIMIT = millis(15_000);
/** A trial does not fill the disk; an administrator who sets anything sets this too. */
const DEMO_BYTES = 5_000_000_000;
const RULE = "=".repeat(80);

/** `fluxvision serve`: runs until SIGINT or SIGTERM; a second signal ends it at once. */
export async function serve(args: string[], io: CliIo): Promise<number> {
  if (args.length > 0) {
    io.err(`serve takes no arguments; it is set up by FLUXVISION_* in the environment (docs/configuration.md)\n`);
    return 2;
  }
  const clock = systemClock();
  let config: Config;
  try {
    config = loadConfig();
  } catch (error) {
    io.err(`${describeError(error)}\n`);
    return 2;
  }
  const log = createLog(config.logLevel);
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  let server: Server;
  let demoPort: number | undefined;
  try {
    demoPort = config.demo ? await chooseDemoPort() : undefined;
    server = await compose({
      config: withDemo(config, demoPort),
      clock,
      log,
      version: VERSION,
      bundleUrl: new URL(import.meta.url),
    });
  } catch (error) {
    log.fatal({ err: error }, "the server could not start");
    io.err(`FluxVision could not start: ${describeError(error)}\n`);
    return 1;
  }
  let demo: DemoCameras | undefined;
  let code = 0;
  try {
    demo = demoPort === undefined ? undefined : await demoCameras(demoPort, server, log);
    process.on("SIGHUP", onHangUp(server));
    await welcome(server, io);
    await stopped;
    io.err("stopping\n");
  } catch (error) {
    log.fatal({ err: error }, "the server could not start");
    io.err(`FluxVision could not start: ${describeError(error)}\n`);
    code = 1;
  }
  const limit = clock.after(CLOSE_LIMIT, () => process.exit(1));
  process.once("SIGINT", () => process.exit(130));
  try {
    await demo?.close();
  } finally {
    await server.close();
    limit.cancel();
  }
  return code;
}

/** The custom of daemons; a terminal that is closed sends it too, and ends what runs in it, as ever. */
function onHangUp(server: Server): () => void {
  return () => {
    if (process.stdout.isTTY) process.kill(process.pid, "SIGTERM");
    else void server.reloadCertificates();
  };
}

/** The demo cameras are on this machine, where no others may be unless a setting says so. */
function withDemo(config: Config, port: number | undefined): Config {
  const { loopback } = config.outbound;
  if (port === undefined || loopback === "any") return config;
  return { ...config, outbound: { ...config.outbound, loopback: [...loopback, port] } };
}

async function demoCameras(port: number, server: Server, log: Logger): Promise<DemoCameras | undefined> {
  try {
    const { policies, control } = server.archive;
    if (policies.all.length === 0) {
      await policies.put({ scope: "system", target: "system", policy: { maxBytes: DEMO_BYTES } });
      control.review();
    }
    const names = (await openClipLibrary()).scenes.map(({ name }) => name);
    return await putDemoCameras(
      { orm: server.database.orm, cameras: server.cameras, clock: systemClock(), names },
      (names) =>
        startDemoCameras({
          cliPath: fileURLToPath(new URL("./cli.mjs", import.meta.url)),
          names,
          port,
          clock: systemClock(),
          log: log.child({ part: "demo" }),
        }),
    );
  } catch (err) {
    log.error({ err }, "the demo cameras are not available");
    return undefined;
  }
}

/** Last of all that a start prints, between rules: log lines before and after it are long and many. */
async function welcome(server: Server, io: CliIo): Promise<void> {
  const { httpPort, tlsPort } = server.media.endpoints;
  const base = `http://localhost:${httpPort}`;
  if (server.adminCreated) {
    io.out("Created the user admin with the password from FLUXVISION_ADMIN_PASSWORD.\n");
  }
  const token = await server.setup.createToken();
  const secure = tlsPort === undefined ? "" : ` (other machines: https://<this host>:${tlsPort})`;
  const lines = [`FluxVision ${VERSION} is ready: ${base}${secure}`];
  if (token !== undefined) {
    lines.push("", "First start. Sign in with this one-time link and choose a password:", "");
    lines.push(`  ${base}/setup?token=${token}`);
  }
  io.out(`\n${RULE}\n\n${lines.map((line) => `  ${line}`.trimEnd()).join("\n")}\n\n${RULE}\n\n`);
}
