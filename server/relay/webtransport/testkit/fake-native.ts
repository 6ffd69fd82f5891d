import type { NativeModule, NativeRequest, NativeServer, NativeSession } from "../native.ts";
import { FakeSession } from "./fake-session.ts";

/** A handshake, step by step as the test lets it go on. */
export class FakeRequest implements NativeRequest {
  readonly session = new FakeSession();
  readonly url: Promise<string>;
  rejectedWith: number | undefined;
  accepted = false;
  #ask: (url: string) => void = () => undefined;
  #grant: (session: NativeSession) => void = () => undefined;

  constructor() {
    this.url = new Promise((resolve) => {
      this.#ask = resolve;
    });
  }

  /** As the viewer: names the path that it wants. */
  ask(url: string): void {
    this.#ask(url);
  }

  /** As the network: the accepted session stands. */
  grant(): void {
    this.#grant(this.session);
  }

  ok(): Promise<NativeSession> {
    this.accepted = true;
    return new Promise((resolve) => {
      this.#grant = resolve;
    });
  }

  async reject(status: number): Promise<void> {
    this.rejectedWith = status;
  }
}

/** The native module without a network. */
export class FakeNative implements NativeModule {
  readonly requests: FakeRequest[] = [];
  serverClosed = false;
  readonly #arrived: FakeRequest[] = [];
  #waiting: ((request: NativeRequest) => void) | undefined;

  readonly NapiServer = {
    bind: (): NativeServer => ({
      accept: () => {
        const request = this.#arrived.shift();
        if (request) return Promise.resolve(request);
        return new Promise((resolve) => {
          this.#waiting = resolve;
        });
      },
      close: () => {
        this.serverClosed = true;
      },
    }),
  };

  /** The listener itself, which ends a pending `accept` that way. */
  readonly NapiClient = {
    withCertificateHashes: () => ({
      connect: (url: string) => {
        this.knock().ask(url);
        return Promise.resolve(new FakeSession());
      },
    }),
  };

  /** As a viewer: begins a handshake. */
  knock(): FakeRequest {
    const request = new FakeRequest();
    this.requests.push(request);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting(request);
    else this.#arrived.push(request);
    return request;
  }
}
