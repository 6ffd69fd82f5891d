const NEEDED = 2;
const PENALTY = -200;

/**
 * Whether a camera's RTP marker bit really ends a picture. It has to be proven: twice a marker was followed by another
 * timestamp. A slice that goes on after it (a marker on every slice or fragment) costs trust for 200 pictures.
 */
export class MarkerTrust {
  #score = 0;
  #markedTimestamp = -1;

  get trusted(): boolean {
    return this.#score >= NEEDED;
  }

  /** Before each packet is read. */
  packet(timestamp: number): void {
    if (this.#markedTimestamp < 0 || timestamp === this.#markedTimestamp) return;
    if (this.#score < NEEDED) this.#score++;
    this.#markedTimestamp = -1;
  }

  /** This packet has the marker. */
  seen(timestamp: number): void {
    this.#markedTimestamp = timestamp;
  }

  /** A slice came that does not start a picture: had the last marker ended one, it could not be. */
  violated(timestamp: number): void {
    if (timestamp === this.#markedTimestamp) this.#score = PENALTY;
  }

  endedAt(timestamp: number): boolean {
    return timestamp === this.#markedTimestamp;
  }

  /** What was seen before a loss proves nothing about what comes after. */
  lost(): void {
    this.#markedTimestamp = -1;
  }
}
