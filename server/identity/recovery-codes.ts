import { createHmac, randomBytes } from "node:crypto";
import { and, count, eq, isNull } from "drizzle-orm";
import type { Clock } from "../../shared/lib/clock.ts";
import type { Orm } from "../db/database.ts";
import { recoveryCodes } from "../db/schema/index.ts";
import { toDate } from "../db/time.ts";

export const CODES = 10;
/** 31 letters and digits, without those that look alike. */
const ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz";
const LETTERS = 12;

/** Ten codes, good once each, for whoever lost the other factors. Only MACs are kept. */
export class RecoveryCodes {
  readonly #orm: Orm;
  readonly #clock: Clock;
  readonly #key: Uint8Array;

  constructor(orm: Orm, clock: Clock, key: Uint8Array) {
    this.#orm = orm;
    this.#clock = clock;
    this.#key = key;
  }

  /** New codes in place of all earlier ones. They are shown now and never again. */
  async renew(userId: string): Promise<string[]> {
    const codes = Array.from({ length: CODES }, newCode);
    const createdAt = toDate(this.#clock.utcMicros());
    await this.#orm.transaction(async (transaction) => {
      await transaction.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
      await transaction
        .insert(recoveryCodes)
        .values(codes.map((code) => ({ userId, codeMac: this.#mac(userId, code), createdAt })));
    });
    return codes;
  }

  /** How many are left. */
  async left(userId: string): Promise<number> {
    const [row] = await this.#orm
      .select({ codes: count() })
      .from(recoveryCodes)
      .where(and(eq(recoveryCodes.userId, userId), isNull(recoveryCodes.usedAt)));
    return row?.codes ?? 0;
  }

  /** True once per code. */
  async use(userId: string, code: string): Promise<boolean> {
    const codeMac = this.#mac(userId, code);
    const used = await this.#orm
      .update(recoveryCodes)
      .set({ usedAt: toDate(this.#clock.utcMicros()) })
      .where(and(eq(recoveryCodes.userId, userId), eq(recoveryCodes.codeMac, codeMac), isNull(recoveryCodes.usedAt)))
      .returning({ userId: recoveryCodes.userId });
    return used.length === 1;
  }

  async remove(userId: string): Promise<void> {
    await this.#orm.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId));
  }

  #mac(userId: string, code: string): Uint8Array {
    const plain = code.toLowerCase().replace(/[^a-z0-9]/g, "");
    return new Uint8Array(createHmac("sha256", this.#key).update(`recovery code v1|${userId}|${plain}`).digest());
  }
}

/** `xxxx-xxxx-xxxx`, 59 bits. */
function newCode(): string {
  let code = "";
  while (code.length < LETTERS) {
    for (const byte of randomBytes(LETTERS)) {
      // 248 = 8 * 31: beyond it some letters would come more often.
      if (byte < 248 && code.length < LETTERS) code += ALPHABET[byte % ALPHABET.length];
    }
  }
  return code.replace(/(.{4})(?=.)/g, "$1-");
}
