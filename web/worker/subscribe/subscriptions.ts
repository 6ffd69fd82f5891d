import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import { diffWishes, type Wish } from "./plan.ts";

/** Dragging a splitter changes tile sizes with every mouse move: the server hears of the end. */
const DEBOUNCE_MS = 50;

export interface SubscriptionEvents {
  subscribe(cameras: readonly Wish[]): void;
  /** No tile has shown these cameras for the debounce time: their resources may go, too. */
  unsubscribe(cameraIds: readonly string[]): void;
}

/** Keeps the server's idea of the wall in step with the tiles, saying only what changed. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #events: SubscriptionEvents;
  #wanted: ReadonlyMap<string, Wish> = new Map();
  #said: ReadonlyMap<string, Wish> = new Map();
  #timer: Timer | undefined;

  constructor(clock: Clock, events: SubscriptionEvents) {
    this.#clock = clock;
    this.#events = events;
  }

  want(wishes: ReadonlyMap<string, Wish>): void {
    this.#wanted = wishes;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(millis(DEBOUNCE_MS), () => this.#flush());
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer = undefined;
    const { subscribe, unsubscribe } = diffWishes(this.#said, this.#wanted);
    this.#said = this.#wanted;
    if (unsubscribe.length > 0) this.#events.unsubscribe(unsubscribe);
    if (subscribe.length > 0) this.#events.subscribe(subscribe);
  }
}
