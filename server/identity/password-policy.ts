import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";
import { FluxError } from "../../shared/lib/errors.ts";

export interface PasswordOwner {
  readonly username: string;
  readonly displayName?: string | undefined;
}

/** Of 0 to 4: at least 10^8 guesses for somebody who knows the lists and the habits. */
const LEAST_SCORE = 3;
/** A strong beginning makes a strong password; what follows only costs time. */
const CHECKED_LETTERS = 64;
/** Shorter names are in too many good passwords by chance. */
const SHORTEST_NAME = 4;
/** What people put into a password of this very system. */
const OWN_WORDS = ["fluxvision", "flux", "vision", "camera", "cctv", "admin", "administrator", "operator", "security"];

/**
 * What a password must be: long enough, not in the lists of leaked and common ones, not guessable, without the user's
 * name. Everything is looked up offline.
 */
export class PasswordPolicy {
  readonly #minLength: () => Promise<number>;
  #estimator: ZxcvbnFactory | undefined;

  constructor(minLength: () => Promise<number>) {
    this.#minLength = minLength;
  }

  /**
   * Throws `auth.password_short`, `auth.password_common`, `auth.password_name`, `auth.password_weak`; `field` is the one
   * to blame.
   */
  async check(password: string, owner: PasswordOwner, field = "password"): Promise<void> {
    const least = await this.#minLength();
    if ([...password].length < least) {
      throw new FluxError("auth.password_short", `must have at least ${least} characters`, { field });
    }
    const folded = fold(password);
    for (const name of namesOf(owner)) {
      if (folded.includes(name)) {
        throw new FluxError("auth.password_name", "must not contain the user name", { field });
      }
    }
    this.#estimator ??= new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
    const start = password.normalize("NFKC").slice(0, CHECKED_LETTERS);
    const { score, sequence } = this.#estimator.check(start, [...namesOf(owner), ...OWN_WORDS]);
    if (score >= LEAST_SCORE) return;
    const [only] = sequence;
    if (sequence.length === 1 && only?.pattern === "dictionary") {
      throw new FluxError("auth.password_common", "is in the lists of leaked and common passwords", { field });
    }
    throw new FluxError("auth.password_weak", "is too easy to guess", { field });
  }
}

/** The user's name and its parts, as they would be found in a password. */
function namesOf({ username, displayName = "" }: PasswordOwner): string[] {
  const whole = [fold(username), fold(displayName)];
  const parts = [username, displayName].flatMap((name) => name.split(/[\s._@-]+/u)).map(fold);
  return [...new Set([...whole, ...parts])].filter((name) => name.length >= SHORTEST_NAME);
}

function fold(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s._@-]/gu, "");
}
