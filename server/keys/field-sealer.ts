import { FluxError } from "../../shared/lib/errors.ts";
import { ariaOpen, ariaSeal } from "./aria.ts";
import type { MasterKeys } from "./master-keys.ts";

const PURPOSE = "fluxvision field v1";
const FORMAT = /^aria256gcm:(\d{1,10}):([A-Za-z0-9+/=]+)$/;

/**
 * Seals single database fields: `aria256gcm:<mek id>:<base64 nonce|ciphertext|tag>`. `context` (table, column, row)
 * is authenticated, so a sealed value copied to another row does not open there.
 */
export class FieldSealer {
  readonly #masterKeys: MasterKeys;

  constructor(masterKeys: MasterKeys) {
    this.#masterKeys = masterKeys;
  }

  seal(context: string, text: string): string {
    const id = this.#masterKeys.currentId;
    const sealed = ariaSeal(this.#masterKeys.forPurpose(id, PURPOSE), Buffer.from(text, "utf8"), aad(context, id));
    return `aria256gcm:${id}:${Buffer.from(sealed).toString("base64")}`;
  }

  /** Throws `keys.auth_failed`, `keys.bad_format`, `keys.unknown_master_key`. */
  open(context: string, value: string): string {
    const [, id = "", body = ""] = FORMAT.exec(value) ?? [];
    if (id === "") throw new FluxError("keys.bad_format", "not a sealed field");
    const key = this.#masterKeys.forPurpose(Number(id), PURPOSE);
    return Buffer.from(ariaOpen(key, Buffer.from(body, "base64"), aad(context, Number(id)))).toString("utf8");
  }
}

/** Which master key sealed a field; undefined when it is no sealed field. */
export function masterKeyOf(value: string): number | undefined {
  const [, id] = FORMAT.exec(value) ?? [];
  return id === undefined ? undefined : Number(id);
}

function aad(context: string, id: number): string {
  return `fluxvision field v1|${id}|${context}`;
}
