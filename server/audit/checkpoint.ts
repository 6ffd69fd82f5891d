import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { fingerprint, type PublicJwk } from "../../shared/evidence/signature.ts";
import type { SigningKey } from "../export/signing-key.ts";
import { canonicalJson } from "./canonical.ts";

const hex = z.string().regex(/^[0-9a-f]{64}$/);
const whole = z.number().int().min(0);

/** What is signed. `seq` and `hash` are of the last row that it covers (`head`), or of the last one taken out (`prune`). */
const checkpointBody = z.object({
  version: z.literal(1),
  kind: z.enum(["head", "prune"]),
  number: whole,
  seq: whole,
  hash: hex,
  at: z.iso.datetime(),
  /** SHA-256 of the body of the checkpoint before this one. */
  previous: hex,
  /** Fingerprint of the key that signs. */
  key: z.string().max(100),
  /** Of a `prune`: the oldest checkpoint that is left, what it refers to, and how many rows went. */
  firstNumber: whole.optional(),
  firstPrevious: hex.optional(),
  rows: whole.optional(),
});
export type CheckpointBody = z.infer<typeof checkpointBody>;

/** A checkpoint as it is stored and exported. */
export interface Checkpoint {
  readonly number: number;
  readonly seq: number;
  readonly at: Date;
  readonly body: string;
  readonly signature: string;
}

export const NO_PREVIOUS = "0".repeat(64);

/** Signs with the chain's key. */
export class CheckpointSigner {
  readonly publicJwk: PublicJwk;
  readonly fingerprint: string;
  readonly #key: KeyObject;

  constructor({ privateJwk, publicJwk }: SigningKey) {
    this.#key = createPrivateKey({ key: privateJwk as Record<string, unknown>, format: "jwk" });
    this.publicJwk = publicJwk;
    this.fingerprint = fingerprint(publicJwk);
  }

  /** r | s, base64 (IEEE P1363). */
  sign(bytes: string | Uint8Array): string {
    const data = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
    return sign("sha256", data, { key: this.#key, dsaEncoding: "ieee-p1363" }).toString("base64");
  }

  checkpoint(body: Omit<CheckpointBody, "version" | "key">): Checkpoint {
    const text = canonicalJson({ version: 1, key: this.fingerprint, ...body });
    const { number, seq, at } = body;
    return { number, seq, at: new Date(at), body: text, signature: this.sign(text) };
  }
}

export class SignatureChecker {
  readonly #key: KeyObject;

  constructor(publicJwk: PublicJwk) {
    this.#key = createPublicKey({ key: { ...publicJwk }, format: "jwk" });
  }

  check(bytes: string | Uint8Array, signature: string): boolean {
    const data = typeof bytes === "string" ? Buffer.from(bytes, "utf8") : bytes;
    return verify("sha256", data, { key: this.#key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64"));
  }
}

/** Undefined when the text is not a checkpoint's. */
export function parseBody(text: string): CheckpointBody | undefined {
  try {
    return checkpointBody.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** SHA-256 in hex. */
export function sha256Hex(text: string): string {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
