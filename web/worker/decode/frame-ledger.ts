/** A decoded picture with exactly one owner, who closes it. Closing twice is harmless. */
export class OwnedFrame {
  readonly frame: VideoFrame;
  #ledger: FrameLedger | undefined;

  constructor(frame: VideoFrame, ledger: FrameLedger) {
    this.frame = frame;
    this.#ledger = ledger;
  }

  close(): void {
    if (!this.#ledger) return;
    this.#ledger.release(this);
    this.#ledger = undefined;
    this.frame.close();
  }
}

/**
 * Counts the open VideoFrames: 8 to 13 forgotten ones stall a hardware decoder silently.
 * With `onLeak`, a frame that was collected without having been closed is reported (development builds).
 */
export class FrameLedger {
  #open = 0;
  readonly #watch: FinalizationRegistry<null> | undefined;

  constructor(onLeak?: () => void) {
    this.#watch = onLeak
      ? new FinalizationRegistry(() => {
          this.#open--;
          onLeak();
        })
      : undefined;
  }

  get openFrames(): number {
    return this.#open;
  }

  own(frame: VideoFrame): OwnedFrame {
    const owned = new OwnedFrame(frame, this);
    this.#open++;
    this.#watch?.register(owned, null, owned);
    return owned;
  }

  release(owned: OwnedFrame): void {
    this.#open--;
    this.#watch?.unregister(owned);
  }
}
