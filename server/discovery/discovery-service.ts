import { randomUUID } from "node:crypto";
import { networkInterfaces } from "node:os";
import type { DiscoveredCamera, FindStreamsRequest, FoundStreams } from "../../shared/api/discovery.ts";
import type { Clock } from "../../shared/lib/clock.ts";
import { errorCode, FluxError } from "../../shared/lib/errors.ts";
import type { Principal } from "../auth/policy.ts";
import type { CameraService } from "../control/camera-service.ts";
import { classify } from "../net/address-class.ts";
import type { OutboundGuard } from "../net/outbound-guard.ts";
import { scanRange } from "./range-scan.ts";
import { pathsFor } from "./stream-paths.ts";
import { type ProbeOptions, probeNetwork } from "./ws-discovery.ts";

export interface DiscoveryParts {
  readonly clock: Clock;
  readonly guard: OutboundGuard;
  readonly cameras: Pick<CameraService, "probe" | "sources">;
  /** Where to ask, for tests. */
  readonly probe?: Pick<ProbeOptions, "targets" | "from" | "wait">;
}

const RTSP_PORT = 554;

/** Finds cameras around: who answers WS-Discovery, who answers RTSP in a range, and where a device keeps its streams. */
export class DiscoveryService {
  readonly #parts: DiscoveryParts;
  #busy = false;

  constructor(parts: DiscoveryParts) {
    this.#parts = parts;
  }

  /** Private IPv4 networks of this machine, to suggest for a scan. */
  networks(): string[] {
    const entries = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const ours = entries.filter(
      ({ family, internal, address }) => family === "IPv4" && !internal && classify(address).kind === "private",
    );
    return [...new Set(ours.map(({ address }) => address.replace(/\.\d+$/, ".0/24")))];
  }

  /** Throws `discovery.busy`. */
  search(): Promise<DiscoveredCamera[]> {
    return this.#alone(async () => {
      const { clock, guard, probe } = this.#parts;
      const matches = await probeNetwork({ clock, uuid: randomUUID, ...probe });
      return matches
        .filter(({ address }) => guard.refusal("camera", address, RTSP_PORT) === undefined)
        .map(({ address, name, model, manufacturer, location }) => ({
          ...{ address, port: RTSP_PORT, name, manufacturer, model, location, source: "onvif" as const },
          known: this.#isKnown(address, undefined),
        }));
    });
  }

  /** Throws `discovery.bad_range`, `discovery.busy`. */
  scan(range: string, port: number): Promise<DiscoveredCamera[]> {
    return this.#alone(async () => {
      const { clock, guard } = this.#parts;
      const hosts = await scanRange(range, port, { clock, guard });
      return hosts.map(({ address, server }) => ({
        ...{ address, port, name: "", manufacturer: server, model: "", location: "", source: "scan" as const },
        known: this.#isKnown(address, port),
      }));
    });
  }

  /**
   * Tries the paths under which such devices keep their streams. Ends at the first refused password: devices lock accounts.
   * Throws what the last connection failed with (`rtsp.*`, `probe.*`), `camera.bad_url`.
   */
  async findStreams(
    principal: Principal,
    { address, port, username, password, about }: FindStreamsRequest,
  ): Promise<FoundStreams> {
    const { cameras } = this.#parts;
    const base = `rtsp://${address}:${port}`;
    const login = { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
    let last: unknown = new FluxError("rtsp.not_found", "the camera has no stream at any of the usual paths");
    for (const { main, sub } of pathsFor(about ?? "")) {
      try {
        const { format, keyframe } = await cameras.probe(principal, { url: base + main, ...login });
        return {
          url: base + main,
          subUrl: sub === undefined ? null : await this.#sub(principal, base + sub, login),
          format,
          keyframe,
        };
      } catch (error) {
        last = error;
        // Another path changes nothing about these.
        if (!/^rtsp\.(not_found|refused|protocol|unsupported)$/.test(errorCode(error) ?? "")) break;
      }
    }
    throw last;
  }

  async #sub(principal: Principal, url: string, login: object): Promise<string | null> {
    const found = await this.#parts.cameras.probe(principal, { url, ...login }).catch(() => undefined);
    return found ? url : null;
  }

  #isKnown(address: string, port: number | undefined): boolean {
    return this.#parts.cameras.sources().some(({ streams }) =>
      streams.some(({ url }) => {
        const { hostname, port: at } = new URL(url.replace(/^rtsp/i, "http"));
        return hostname === address && (port === undefined || Number(at || RTSP_PORT) === port);
      }),
    );
  }

  /** One at a time: each takes sockets, and asks a whole network. */
  async #alone<T>(run: () => Promise<T>): Promise<T> {
    if (this.#busy) throw new FluxError("discovery.busy", "another search is running");
    this.#busy = true;
    try {
      return await run();
    } finally {
      this.#busy = false;
    }
  }
}
