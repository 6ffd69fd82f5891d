import { FluxError } from "../../../shared/lib/errors.ts";
import { type Micros, micros } from "../../../shared/lib/time.ts";
import type { AccessUnit, StreamFormat } from "../../../shared/media/types.ts";
import type { Pull, PullHandlers, PullOptions, PullStats } from "../../rtsp/pull.ts";
import type { StartPull } from "../stream-session.ts";

export const SUB_FORMAT: StreamFormat = { codec: "h264", codecString: "avc1.42c01e", width: 640, height: 360, fps: 15 };

/** A camera connection in a test's hands. */
export class FakePull implements Pull {
  readonly options: PullOptions;
  readonly handlers: PullHandlers;
  readonly done: Promise<never>;
  closed = false;
  /** Set to hold `close()` back. */
  closing: Promise<void> = Promise.resolve();
  packets = 0;
  lostPackets = 0;
  #fail: (error: unknown) => void = () => undefined;
  #index = 0;

  constructor(options: PullOptions, handlers: PullHandlers) {
    this.options = options;
    this.handlers = handlers;
    this.done = new Promise<never>((_, reject) => {
      this.#fail = reject;
    });
    this.done.catch(() => undefined);
  }

  connect(): void {
    this.handlers.onSession({ transport: "tcp", server: "fake" });
    this.handlers.onFormat(SUB_FORMAT, undefined);
  }

  unit(fields: Partial<AccessUnit> = {}): AccessUnit {
    const pts = micros(this.#index++ * 66_667);
    return {
      codec: "h264",
      keyframe: false,
      disposable: false,
      discontinuity: false,
      codecChange: false,
      pts,
      dts: pts,
      cameraTime: undefined,
      arrivalTime: this.options.clock.utcMicros() as Micros,
      data: [new Uint8Array(1000)],
      ...fields,
    };
  }

  picture(fields: Partial<AccessUnit> = {}): void {
    this.packets++;
    this.handlers.onAccessUnit(this.unit(fields));
  }

  keyframe(): void {
    this.picture({ keyframe: true });
  }

  /** The connection ends. Settle promises before looking at the effect. */
  fail(code: string, message = code): void {
    this.#fail(new FluxError(code, message));
  }

  stats(): PullStats {
    return {
      packets: this.packets,
      bytes: 0,
      lostPackets: this.lostPackets,
      duplicatePackets: 0,
      malformedPackets: 0,
      garbageBytes: 0,
      units: 0,
      keyframes: 0,
      discardedUnits: 0,
      discontinuities: 0,
      clockOffsetMs: undefined,
      driftPpm: undefined,
      implausibleClockYear: undefined,
    };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.#fail(new FluxError("rtsp.closed", "closed"));
    await this.closing;
  }
}

/** Every connection that was opened, in order. */
export class FakeCameras {
  readonly pulls: FakePull[] = [];
  /** When each attempt was made, monotonic ms. */
  readonly attemptsMs: number[] = [];
  /** Throws instead of connecting. */
  refuse: FluxError | undefined;

  readonly start: StartPull = (options, handlers) => {
    this.attemptsMs.push(options.clock.monotonicMs());
    if (this.refuse) throw this.refuse;
    const pull = new FakePull(options, handlers);
    this.pulls.push(pull);
    return pull;
  };

  get last(): FakePull {
    const pull = this.pulls.at(-1);
    if (!pull) throw new Error("nothing was pulled");
    return pull;
  }

  byUrl(url: string): FakePull {
    const pull = this.pulls.findLast((candidate) => candidate.options.url === url);
    if (!pull) throw new Error(`${url} was not pulled`);
    return pull;
  }

  get open(): FakePull[] {
    return this.pulls.filter((pull) => !pull.closed);
  }
}

/** Lets promise callbacks run; no time passes. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
