import type { Clock, Timer } from "../../../shared/lib/clock.ts";
import { millis } from "../../../shared/lib/time.ts";
import type { ClientMessage } from "../../../shared/wire/control-messages.ts";
import { diffWishes, type Wish } from "./plan.ts";

/** Dragging a splitter changes tile sizes with every mouse move: the server hears of the end. */
const DEBOUNCE_MS = 50;
/** Limit of one message (control-messages.ts). */
const MAX_PER_MESSAGE = 512;

/** Keeps the server's idea of the wall in step with the tiles, saying only what changed. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #send: (message: ClientMessage) => void;
  readonly #onReleased: (cameraId: string) => void;
  #wanted: ReadonlyMap<string, Wish> = new Map();
  #said: ReadonlyMap<string, Wish> = new Map();
  #known = new Set<string>();
  #timer: Timer | undefined;
  #online = false;

  /** `onReleased`: no tile has shown the camera for the debounce time; its resources may go. */
  constructor(clock: Clock, send: (message: ClientMessage) => void, onReleased: (cameraId: string) => void) {
    this.#clock = clock;
    this.#send = send;
    this.#onReleased = onReleased;
  }

  want(wishes: ReadonlyMap<string, Wish>): void {
    this.#wanted = wishes;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(millis(DEBOUNCE_MS), () => this.#flush());
  }

  /** A new connection knows nothing yet. */
  online(): void {
    this.#said = new Map();
    this.#online = true;
    this.#flush();
  }

  offline(): void {
    this.#online = false;
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const cameraId of this.#known) if (!this.#wanted.has(cameraId)) this.#onReleased(cameraId);
    this.#known = new Set(this.#wanted.keys());
    if (!this.#online) return;
    const { subscribe, unsubscribe } = diffWishes(this.#said, this.#wanted);
    this.#said = this.#wanted;
    if (unsubscribe.length > 0) this.#send({ type: "unsubscribe", cameraIds: unsubscribe.slice(0, MAX_PER_MESSAGE) });
    if (subscribe.length > 0) this.#send({ type: "subscribe", cameras: subscribe.slice(0, MAX_PER_MESSAGE) });
  }
}
