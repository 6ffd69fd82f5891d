import { open } from "node:fs/promises";
import { join } from "node:path";

/** RFC 8555, 8.3: a token is base64url. Nothing else can name a file here. */
const TOKEN = /^[A-Za-z0-9_-]{1,256}$/;
const MAX_BYTES = 4096;

/**
 * What an ACME client (certbot's webroot, lego, acme.sh) has put for an authority to find: the content of the file
 * `.well-known/acme-challenge/<token>` below `webroot`. Undefined: there is none.
 */
export async function acmeChallenge(webroot: string, token: string): Promise<string | undefined> {
  if (!TOKEN.test(token)) return undefined;
  const file = await open(join(webroot, ".well-known", "acme-challenge", token), "r").catch(() => undefined);
  if (!file) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile() || stat.size > MAX_BYTES) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, 0);
    const text = buffer.toString("latin1", 0, bytesRead).trim();
    // `token.thumbprint`: whatever else lies there is none of the network's business.
    return /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/.test(text) ? text : undefined;
  } finally {
    await file.close();
  }
}
