import type { Clock } from "../../../shared/lib/clock.ts";
import type { DecodeBackend } from "./backend.ts";
import { CodecSupport, HardwareBudget } from "./codec-support.ts";
import { FrameLedger } from "./frame-ledger.ts";
import { StreamDecoder, type StreamDecoderDeps } from "./stream-decoder.ts";

/** What the decoders of one wall share: the hardware's limit, what the browser can decode, the count of open frames. */
export class DecoderPool {
  readonly ledger: FrameLedger;
  readonly support: CodecSupport;
  readonly backend: DecodeBackend;
  readonly budget = new HardwareBudget();
  readonly #clock: Clock;

  constructor(clock: Clock, backend: DecodeBackend, onLeak?: () => void) {
    this.#clock = clock;
    this.backend = backend;
    this.support = new CodecSupport(backend);
    this.ledger = new FrameLedger(onLeak);
  }

  create(onPicture: StreamDecoderDeps["onPicture"]): StreamDecoder {
    return new StreamDecoder({
      clock: this.#clock,
      backend: this.backend,
      support: this.support,
      budget: this.budget,
      ledger: this.ledger,
      onPicture,
    });
  }
}
