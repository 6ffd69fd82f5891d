type Cleanup = () => void | Promise<void>;

/**
 * Owns what must be released: timers, sockets, listeners, children.
 * `close()` runs the clean-ups in reverse order, waits for each, and is idempotent.
 */
export class Scope {
  readonly #cleanups: Cleanup[] = [];
  #closing: Promise<void> | undefined;

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Registers a clean-up. On a scope that is closed already it runs at once. */
  add(cleanup: Cleanup): void {
    if (this.#closing !== undefined) this.#closing = this.#closing.then(cleanup);
    else this.#cleanups.push(cleanup);
  }

  own<T extends { close(): void | Promise<void> }>(resource: T): T {
    this.add(() => resource.close());
    return resource;
  }

  close(): Promise<void> {
    this.#closing ??= this.#run();
    return this.#closing;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanup = this.#cleanups.pop(); cleanup; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "close failed");
  }
}
