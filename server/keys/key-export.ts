import { and, desc, eq, lt } from "drizzle-orm";
import { CompactEncrypt, importJWK } from "jose";
import { fingerprint, type PublicJwk } from "../../shared/evidence/signature.ts";
import { FluxError } from "../../shared/lib/errors.ts";
import type { Orm } from "../db/database.ts";
import { sealGenerations, videoDeks } from "../db/schema/index.ts";
import type { VideoKeys } from "./video-keys.ts";

/** For whom a key leaves the server: never in clear. */
export type KeyRecipient =
  | { readonly kind: "public-key"; readonly publicKey: PublicJwk }
  | { readonly kind: "passphrase"; readonly passphrase: string };

export interface KeyExportFile {
  readonly format: "fluxvision-video-key";
  readonly version: 1;
  readonly cameraId: string;
  readonly utcDay: string;
  readonly keyIds: readonly number[];
  /** Fingerprint of the recipient's key; null: a passphrase opens it. */
  readonly recipient: string | null;
  /** JWE (RFC 7516), compact: ECDH-ES+A256KW or PBES2-HS512+A256KW, content A256GCM. */
  readonly jwe: string;
}

const DAY_MS = 86_400_000;
/** OWASP's figure for PBKDF2-HMAC-SHA-512 is 210,000 (2023); a key of a camera is worth more. */
const PBES2_ROUNDS = 600_000;
/** Ingest workers start rarely; each start is a generation. */
const MOST_GENERATIONS = 256;

/**
 * A camera's keys of one UTC day, with the salts of the generations that may have sealed with them: enough to open that day's
 * segments of that camera (docs/keys.md), and nothing else.
 */
export class KeyExport {
  readonly #orm: Orm;
  readonly #videoKeys: VideoKeys;

  constructor(orm: Orm, videoKeys: VideoKeys) {
    this.#orm = orm;
    this.#videoKeys = videoKeys;
  }

  /** Throws `keys.unknown_key` when there is none of that camera and day, `keys.bad_recipient`. */
  async export(cameraId: string, utcDay: string, recipient: KeyRecipient): Promise<KeyExportFile> {
    const rows = await this.#orm
      .select({ id: videoDeks.id })
      .from(videoDeks)
      .where(and(eq(videoDeks.cameraId, cameraId), eq(videoDeks.utcDay, utcDay)));
    if (rows.length === 0) throw new FluxError("keys.unknown_key", "there is no key of that camera and day");
    const generations = await this.#orm
      .select()
      .from(sealGenerations)
      .where(lt(sealGenerations.createdAt, new Date(Date.parse(utcDay) + DAY_MS)))
      .orderBy(desc(sealGenerations.id))
      .limit(MOST_GENERATIONS);
    const keys = await Promise.all(rows.map(({ id }) => this.#videoKeys.byId(id)));
    const secret = {
      cameraId,
      utcDay,
      keys: keys.map(({ id, suite, dek }) => ({ id, suite, dek: Buffer.from(dek).toString("base64url") })),
      generations: generations.map(({ id, salt }) => ({ id, salt: Buffer.from(salt).toString("base64url") })),
    };
    for (const { dek } of keys) dek.fill(0);
    const plain = new TextEncoder().encode(JSON.stringify(secret));
    const jwe = await wrap(plain, recipient);
    plain.fill(0);
    return {
      format: "fluxvision-video-key",
      version: 1,
      cameraId,
      utcDay,
      keyIds: rows.map(({ id }) => id),
      recipient: recipient.kind === "public-key" ? fingerprint(recipient.publicKey) : null,
      jwe,
    };
  }
}

async function wrap(plain: Uint8Array, recipient: KeyRecipient): Promise<string> {
  const enc = "A256GCM";
  if (recipient.kind === "passphrase") {
    const passphrase = new TextEncoder().encode(recipient.passphrase.normalize("NFKC"));
    return new CompactEncrypt(plain)
      .setProtectedHeader({ alg: "PBES2-HS512+A256KW", enc })
      .setKeyManagementParameters({ p2c: PBES2_ROUNDS })
      .encrypt(passphrase);
  }
  try {
    const key = await importJWK({ ...recipient.publicKey }, "ECDH-ES+A256KW");
    return await new CompactEncrypt(plain).setProtectedHeader({ alg: "ECDH-ES+A256KW", enc }).encrypt(key);
  } catch (cause) {
    throw new FluxError("keys.bad_recipient", "not the public half of a P-256 key", { field: "recipient", cause });
  }
}
