import { z } from "zod";
import { FluxError } from "../lib/errors.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { digestBytes, type FieldDigests } from "./fields.ts";
import { sha256Hex } from "./sha256.ts";

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
export const publicJwk = z.object({ kty: z.literal("EC"), crv: z.literal("P-256"), x: coordinate, y: coordinate });
export type PublicJwk = z.infer<typeof publicJwk>;

/** `manifest.sig`. */
export const manifestSignature = z.object({
  version: z.literal(1),
  algorithm: z.literal("ECDSA-P256-SHA256"),
  key: publicJwk,
  /** Over the exact bytes of manifest.json: r | s, base64. */
  signature: z.string().max(200),
  /** Digest of every value of the manifest, and their own signature: says what was changed. */
  fields: z.record(z.string(), z.string().max(64)),
  fieldsSignature: z.string().max(200),
});
export type ManifestSignature = z.infer<typeof manifestSignature>;

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNING = { name: "ECDSA", hash: "SHA-256" } as const;

/** Thumbprint of the key (RFC 7638, SHA-256) in hex, in groups of four: what people compare. */
export function fingerprint({ crv, kty, x, y }: PublicJwk): string {
  const canonical = JSON.stringify({ crv, kty, x, y });
  const hex = sha256Hex(new TextEncoder().encode(canonical)).toUpperCase();
  return hex.match(/.{4}/g)?.join("-") ?? hex;
}

/** What people type: case, dashes, blanks and colons do not matter. */
export function sameFingerprint(a: string, b: string): boolean {
  const plain = (text: string): string => text.replace(/[^0-9a-fA-F]/g, "").toUpperCase();
  return plain(a) === plain(b) && plain(a).length === 64;
}

export async function sign(privateJwk: JsonWebKey, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const key = await crypto.subtle.importKey("jwk", privateJwk, ALGORITHM, false, ["sign"]);
  return toBase64(new Uint8Array(await crypto.subtle.sign(SIGNING, key, bytes)));
}

export interface SignatureCheck {
  /** The manifest is as it was signed. */
  readonly manifest: boolean;
  /** The digests of its values are; if so they name what was changed. */
  readonly fields: boolean;
}

/** Throws `evidence.bad_key` for a point that is not on the curve. */
export async function checkSignature(
  signature: ManifestSignature,
  manifest: Uint8Array<ArrayBuffer>,
): Promise<SignatureCheck> {
  let key: CryptoKey;
  try {
    const jwk = { ...signature.key, ext: true };
    key = await crypto.subtle.importKey("jwk", jwk, ALGORITHM, false, ["verify"]);
  } catch (cause) {
    throw new FluxError("evidence.bad_key", "the public key in manifest.sig is not valid", { cause });
  }
  const check = async (text: string, bytes: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    try {
      return await crypto.subtle.verify(SIGNING, key, fromBase64(text), bytes);
    } catch {
      return false;
    }
  };
  return {
    manifest: await check(signature.signature, manifest),
    fields: await check(signature.fieldsSignature, digestBytes(signature.fields as FieldDigests)),
  };
}
