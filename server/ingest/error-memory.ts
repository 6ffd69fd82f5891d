/** When an error is over and forgotten: with the next picture, or with the loss. Undefined: it stays told. */
export type Until = "picture" | "no loss" | undefined;

/** The last error of a stream. A connection that failed stays told while the next one works; passing states do not. */
export class ErrorMemory {
  #last: { readonly code: string; readonly message: string; readonly until: Until } | undefined;

  get code(): string | undefined {
    return this.#last?.code;
  }

  get message(): string | undefined {
    return this.#last?.message;
  }

  note(code: string, message: string, until?: Until): void {
    this.#last = { code, message, until };
  }

  over(what: "picture" | "no loss"): void {
    if (this.#last?.until === what) this.#last = undefined;
  }

  forget(): void {
    this.#last = undefined;
  }
}
