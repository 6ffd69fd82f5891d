import type { Millis } from "../../shared/lib/time.ts";
import { RtpPacket } from "./packet.ts";
import { ORDER, SequenceTracker } from "./sequence.ts";

export interface ReceiverHandlers {
  /** In order; borrowed during the call. */
  onPacket(packet: RtpPacket, arrivalMs: Millis): void;
  onLost(count: number): void;
  /** Another source, or the same one counting from somewhere else: nothing connects to what came before. */
  onRestart(): void;
}

/** One RTP stream from one sender: checks, order, and the figures that receiver reports need (RFC 3550, 6.4 and A). */
export class RtpReceiver {
  readonly #payloadType: number;
  readonly #ticksPerMs: number;
  readonly #handlers: ReceiverHandlers;
  readonly #packet = new RtpPacket();
  readonly #sequence = new SequenceTracker();
  #ssrc = -1;
  #transit = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #lostEarlier = 0;
  packets = 0;
  bytes = 0;
  malformed = 0;
  jitterTicks = 0;

  constructor(payloadType: number, clockRate: number, handlers: ReceiverHandlers) {
    this.#payloadType = payloadType;
    this.#ticksPerMs = clockRate / 1000;
    this.#handlers = handlers;
  }

  get ssrc(): number | undefined {
    return this.#ssrc < 0 ? undefined : this.#ssrc;
  }

  get lostPackets(): number {
    return this.#sequence.lost;
  }

  get latePackets(): number {
    return this.#sequence.late;
  }

  push(bytes: Uint8Array, start: number, end: number, arrivalMs: Millis): void {
    const packet = this.#packet;
    if (!packet.parse(bytes, start, end) || packet.payloadType !== this.#payloadType) {
      this.malformed++;
      return;
    }
    if (packet.ssrc !== this.#ssrc) {
      const first = this.#ssrc < 0;
      this.#ssrc = packet.ssrc;
      this.#sequence.reset();
      this.#begin();
      if (!first) this.#handlers.onRestart();
    }
    const order = this.#sequence.accept(packet.sequence);
    if (order === ORDER.late) return;
    this.packets++;
    this.bytes += end - start;
    if (order === ORDER.restart) {
      this.#begin();
      this.#handlers.onRestart();
    } else if (order > 0) {
      this.#handlers.onLost(order);
    }
    const transit = arrivalMs * this.#ticksPerMs - packet.timestamp;
    const difference = Math.abs(transit - this.#transit);
    this.#transit = transit;
    // A jump of the sender's clock is not jitter.
    if (difference < this.#ticksPerMs * 10_000) this.jitterTicks += (difference - this.jitterTicks) / 16;
    this.#handlers.onPacket(packet, arrivalMs);
  }

  /** Loss since the last call, of 256, and in total since the source began. */
  reportLoss(): { fractionLost: number; lost: number; extendedHighest: number } {
    const expected = this.#sequence.expectedCount;
    const received = this.#sequence.received;
    const expectedNow = expected - this.#expectedBefore;
    const lostNow = expectedNow - (received - this.#receivedBefore);
    this.#expectedBefore = expected;
    this.#receivedBefore = received;
    const fractionLost = expectedNow > 0 && lostNow > 0 ? Math.min(255, Math.floor((lostNow * 256) / expectedNow)) : 0;
    const lost = Math.min(0x7fffff, Math.max(0, this.#sequence.lost - this.#lostEarlier));
    return { fractionLost, lost, extendedHighest: this.#sequence.extendedHighest };
  }

  #begin(): void {
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#lostEarlier = this.#sequence.lost;
  }
}
