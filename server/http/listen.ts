import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import type { Clock } from "../../shared/lib/clock.ts";
import { millis } from "../../shared/lib/time.ts";
import type { App } from "./types.ts";

/** Linux holds 107 bytes of path, macOS 103. */
const MAX_SOCKET_PATH_BYTES = 100;
/** Requests in flight get this long to end. */
const DRAIN_MS = millis(3_000);

export interface UpstreamSocket {
  readonly path: string;
  close(): Promise<void>;
}

/** Where the main thread takes HTTP from the relay thread: in the data folder, or in a private folder if that is too deep. */
export async function chooseUpstreamSocket(dataDir: string): Promise<UpstreamSocket> {
  const near = join(dataDir, "http.sock");
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH_BYTES) return { path: near, close: () => rm(near, { force: true }) };
  const folder = await mkdtemp(join(tmpdir(), "fluxvision-"));
  return { path: join(folder, "http.sock"), close: () => rm(folder, { recursive: true, force: true }) };
}

/** Serves the app on a unix socket that only this user can open. */
export async function listenUpstream(app: App, path: string, clock: Clock): Promise<{ close(): Promise<void> }> {
  // Left behind by a killed server: nothing listens on it any more, since the data folder is locked by the database.
  await rm(path, { force: true });
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  server.listen(path);
  await once(server, "listening");
  await chmod(path, 0o600);
  return {
    async close() {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const force = clock.after(DRAIN_MS, () => server.closeAllConnections());
      await closed;
      force.cancel();
    },
  };
}
