import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import S3rver from "s3rver";

export const BUCKET = "footage";
/** What the server knows and no other. */
export const CREDENTIALS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };

export interface BucketServer {
  /** `http://127.0.0.1:port/footage` */
  readonly location: string;
  readonly port: number;
  close(): Promise<void>;
}

/** An S3 server of others' making, in this process, on a port of its own. */
export async function startBucketServer(port = 0, directory?: string): Promise<BucketServer> {
  const folder = directory ?? (await mkdtemp(join(tmpdir(), "fluxvision-s3-")));
  const server = new S3rver({
    address: "127.0.0.1",
    port,
    directory: folder,
    silent: true,
    vhostBuckets: true,
    configureBuckets: [{ name: BUCKET }],
  });
  const { port: bound } = await server.run();
  let open = true;
  return {
    location: `http://127.0.0.1:${bound}/${BUCKET}`,
    port: bound,
    close: async () => {
      if (!open) return;
      open = false;
      server.httpServer.closeAllConnections();
      await server.close();
      if (directory === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
