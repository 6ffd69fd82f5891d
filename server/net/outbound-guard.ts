import { lookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { networkInterfaces } from "node:os";
import { FluxError } from "../../shared/lib/errors.ts";
import { classify, isInNetwork, isThisMachine, type Network } from "./address-class.ts";
import { type FetchLimits, GuardedFetch } from "./guarded-fetch.ts";

/**
 * What fetches. `camera`: RTSP and, beside it, a camera's own services, in private networks by design. `service`: what an
 * administrator of the system has set up, such as an OpenID provider or an object store. `webhook`: addresses that
 * users enter; these reach private networks only where a setting says so.
 */
export type OutboundPurpose = "camera" | "service" | "webhook";

export interface OutboundRules {
  /** Ports of this server: nothing is fetched from them at an address of this machine. Asked each time. */
  readonly ownPorts: () => ReadonlySet<number>;
  /** What may be reached at this machine's addresses, loopback and those of its interfaces; by default nothing. */
  readonly loopback?: "any" | ReadonlySet<number>;
  /** Where set, cameras are in these networks only. The forbidden addresses stay forbidden. */
  readonly cameraNetworks?: readonly Network[] | undefined;
  /** Private networks that webhooks may reach. */
  readonly webhookNetworks?: readonly Network[] | undefined;
}

const SCHEMES: Readonly<Record<OutboundPurpose, ReadonlySet<string>>> = {
  camera: new Set(["rtsp:", "rtsps:", "http:", "https:"]),
  service: new Set(["http:", "https:"]),
  webhook: new Set(["http:", "https:"]),
};
const PORTS: Readonly<Record<string, number>> = { "http:": 80, "https:": 443, "rtsp:": 554, "rtsps:": 322 };
const MAX_URL_LENGTH = 2048;

/**
 * The one place that decides what the server may connect to on somebody's behalf. A name is resolved once, each of its
 * addresses is looked at, and the connection goes to an address that was: a name that resolves to something else a
 * moment later (DNS rebinding) gains nothing. Whoever follows a redirect asks again for its target.
 */
export class OutboundGuard {
  readonly #rules: OutboundRules;
  readonly #resolve: typeof lookup;
  readonly #interfaces: typeof networkInterfaces;
  readonly #fetches = new Map<OutboundPurpose, GuardedFetch>();

  constructor(
    rules: OutboundRules,
    resolve: typeof lookup = lookup,
    interfaces: typeof networkInterfaces = networkInterfaces,
  ) {
    this.#rules = rules;
    this.#resolve = resolve;
    this.#interfaces = interfaces;
  }

  /** Why nothing may connect to `ip`:`port`; undefined when it may. `net.refused`. */
  refusal(purpose: OutboundPurpose, ip: string, port: number): FluxError | undefined {
    const { ownPorts, loopback, cameraNetworks, webhookNetworks } = this.#rules;
    const found = classify(ip);
    if (found.kind === "forbidden") return refused(found.reason);
    const here = isThisMachine(ip, this.#interfaces);
    if (here && ownPorts().has(port)) return refused("a port of this server itself");
    // What listens on an interface's address for its neighbours trusts who is on this machine, as on loopback.
    if (here && loopback !== "any" && loopback?.has(port) !== true) {
      return refused("an address of this machine itself (FLUXVISION_LOOPBACK_PORTS)");
    }
    if (found.kind === "loopback") return undefined;
    if (purpose === "camera" && cameraNetworks && !cameraNetworks.some((network) => isInNetwork(ip, network))) {
      return refused("outside of the networks of cameras (FLUXVISION_CAMERA_NETWORKS)");
    }
    const listed = webhookNetworks?.some((network) => isInNetwork(ip, network)) === true;
    if (purpose === "webhook" && !listed && (found.kind === "private" || here)) {
      return refused("a private network");
    }
    return undefined;
  }

  /**
   * Reads an address that somebody has entered: scheme, no credentials in it, and the host where that is an address. A
   * name is looked at when it is resolved. Throws `net.bad_url`, `net.refused`; `field` names the input at fault.
   */
  checkUrl(purpose: OutboundPurpose, text: string, field = "url"): URL {
    const bad = (reason: string): FluxError => new FluxError("net.bad_url", reason, { field });
    // A line break or a space is dropped or escaped by the parser; who enters one means something else.
    if (text.length > MAX_URL_LENGTH) throw bad(`is longer than ${MAX_URL_LENGTH} characters`);
    if (/[\p{Cc}\p{Cf}\p{Z}\\]/u.test(text)) throw bad("contains spaces or control characters");
    if (!URL.canParse(text)) throw bad("is not an address");
    const url = new URL(text);
    if (!SCHEMES[purpose].has(url.protocol)) throw bad(`must begin with ${[...SCHEMES[purpose]].join("//, ")}//`);
    if (url.username !== "" || url.password !== "") throw bad("must not carry a user name or password");
    this.checkTarget(purpose, url.hostname, portOf(url), field);
    return url;
  }

  /** Throws `net.refused` for an address that is given as such, and for names that always mean this machine. */
  checkTarget(purpose: OutboundPurpose, host: string, port: number, field?: string): void {
    const name = canonicalHost(host);
    const ip = isIP(name) !== 0 ? name : /^(.+\.)?localhost\.?$/i.test(name) ? "127.0.0.1" : undefined;
    const error = ip === undefined ? undefined : this.refusal(purpose, ip, port);
    if (error) throw field === undefined ? error : new FluxError(error.code, error.message, { field });
  }

  /** A `lookup` for sockets that gives out permitted addresses only. */
  lookup(purpose: OutboundPurpose, port: number): LookupFunction {
    return guardedLookup((ip) => this.refusal(purpose, ip, port), this.#resolve);
  }

  /**
   * As the global `fetch`, through this guard. Different from it: a redirect is an error unless `redirect: "follow"` (at
   * most 3, each looked at, credentials dropped where the origin changes) or `"manual"`; answers are limited in size
   * and time; nothing is cached, no cookies are kept. Rejects with `net.*`.
   */
  fetch(purpose: OutboundPurpose, limits: Partial<FetchLimits> = {}): typeof fetch {
    let fetcher = this.#fetches.get(purpose);
    if (!fetcher) {
      fetcher = new GuardedFetch({
        check: (url) => this.checkUrl(purpose, url.href),
        lookup: (port) => this.lookup(purpose, port),
        refusal: (ip, port) => this.refusal(purpose, ip, port),
      });
      this.#fetches.set(purpose, fetcher);
    }
    const through = fetcher;
    return (input, init) => through.fetch(input, init, limits);
  }

  /** Cuts kept connections. */
  close(): void {
    for (const fetcher of this.#fetches.values()) fetcher.close();
  }
}

/** Of a name's addresses those that are not refused; when none is left, the reason that the first one is refused for. */
export function guardedLookup(
  refusal: (ip: string) => FluxError | undefined,
  resolve: typeof lookup = lookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const allowed = found.filter(({ address }) => refusal(address) === undefined);
      const [first] = allowed;
      if (!first) return callback(refusal(found[0]?.address ?? "") ?? refused("no address"), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/**
 * As a web address would normalise it, without brackets: 0x7f.1 and 2130706433 are 127.0.0.1 to most resolvers, so
 * they are to us. Text that is no host stays as it is, and resolves to nothing.
 */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^\[|\]$/g, "");
  const url = `http://${bare.includes(":") ? `[${bare}]` : bare}/`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, "") : bare;
}

export function portOf(url: URL): number {
  return url.port === "" ? (PORTS[url.protocol] ?? 0) : Number(url.port);
}

function refused(reason: string): FluxError {
  return new FluxError("net.refused", `nothing is fetched from there: ${reason}`);
}
