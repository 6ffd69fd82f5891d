type ToastId = string | number;

/** How a removal that waits ends: taken back, or its toast is gone. */
export interface RemovalEnd {
  undo(): void;
  over(): void;
}

interface UndoableRemovalsParts {
  /** Offers the way back for a while, and tells its end once or more. */
  readonly offer: (end: RemovalEnd) => ToastId;
  readonly withdraw: (offer: ToastId) => void;
  /** Settles when the thing is gone, or could not be removed and this was said. */
  readonly remove: (id: string) => Promise<void>;
  /** What is hidden: waiting, or just being removed. */
  readonly onPending: (pending: ReadonlySet<string>) => void;
}

/**
 * Things on their way out. Each is removed when the offer to take it back ends, and not by a time of its own: as long as
 * the button is there, it works.
 */
export class UndoableRemovals {
  readonly #parts: UndoableRemovalsParts;
  readonly #offers = new Map<string, ToastId>();
  readonly #pending = new Set<string>();

  constructor(parts: UndoableRemovalsParts) {
    this.#parts = parts;
  }

  start(id: string): void {
    if (this.#pending.has(id)) return;
    this.#pending.add(id);
    const end = { undo: () => this.#undo(id), over: () => this.#finish(id) };
    this.#offers.set(id, this.#parts.offer(end));
    this.#tell();
  }

  /** Removes at once what waits, and takes the offers back. */
  finishAll(): void {
    for (const [id, offer] of [...this.#offers]) {
      this.#finish(id);
      this.#parts.withdraw(offer);
    }
  }

  #undo(id: string): void {
    if (this.#offers.delete(id)) this.#show(id);
  }

  #finish(id: string): void {
    if (!this.#offers.delete(id)) return;
    void this.#parts.remove(id).finally(() => this.#show(id));
  }

  #show(id: string): void {
    this.#pending.delete(id);
    this.#tell();
  }

  #tell(): void {
    this.#parts.onPending(new Set(this.#pending));
  }
}
