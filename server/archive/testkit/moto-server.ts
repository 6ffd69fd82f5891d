import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { freePort } from "../../testkit/server-process.ts";
import type { S3Credentials } from "../s3/s3-request.ts";
import { BUCKET } from "./bucket-server.ts";

export interface MotoServer {
  readonly location: string;
  readonly credentials: S3Credentials;
  close(): Promise<void>;
}

/** A second S3 server of others' making, in Python: it verifies every signature, and can page, list and abort uploads. */
export const motoInstalled = (() => {
  try {
    execFileSync("python3", ["-c", "import moto.server"], { stdio: "ignore" });
    return true;
  } catch {
    process.stderr.write("Skipped: tests on moto's S3 (pip install 'moto[s3,server]' to run them).\n");
    return false;
  }
})();

const POLICY = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "s3:*", Resource: "*" }],
});

export async function startMoto(): Promise<MotoServer> {
  const port = await freePort();
  const child = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    // So many requests are believed: those that make the user and the bucket.
    env: { ...process.env, INITIAL_NO_AUTH_ACTION_COUNT: "4" },
    stdio: "ignore",
  });
  const origin = `http://127.0.0.1:${port}`;
  const iam = async (parameters: Record<string, string>): Promise<string> => {
    const response = await fetch(origin, {
      method: "POST",
      headers: { authorization: authorization("iam") },
      body: new URLSearchParams({ Version: "2010-05-08", UserName: "recorder", ...parameters }),
    });
    if (!response.ok) throw new Error(`moto answered ${response.status}: ${await response.text()}`);
    return response.text();
  };
  const made = await untilUp(() => iam({ Action: "CreateUser" }));
  if (!made.includes("recorder")) throw new Error("moto made no user");
  await iam({ Action: "PutUserPolicy", PolicyName: "all", PolicyDocument: POLICY });
  const key = await iam({ Action: "CreateAccessKey" });
  const bucket = await fetch(`${origin}/${BUCKET}`, { method: "PUT", headers: { authorization: authorization("s3") } });
  if (!bucket.ok) throw new Error(`moto made no bucket: ${bucket.status}`);
  const field = (name: string): string => new RegExp(`<${name}>([^<]+)</${name}>`).exec(key)?.[1] ?? "";
  return {
    location: `${origin}/${BUCKET}`,
    credentials: { accessKeyId: field("AccessKeyId"), secretAccessKey: field("SecretAccessKey") },
    close: async () => {
      if (child.exitCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** Says which service is meant, no more. */
function authorization(service: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261120/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
}

async function untilUp(ask: () => Promise<string>): Promise<string> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
