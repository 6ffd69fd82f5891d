import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { classify, isInNetwork, type Network } from "../../net/address-class.ts";
import { isPassedOn, peerAddress } from "./headers.ts";

/** Who asks, as far as it is known and believed. */
export interface FrontClient {
  readonly address: string;
  readonly protocol: "http" | "https";
  readonly host: string | undefined;
  /** Is this machine itself: not so much as a hint of a proxy that passes on what others ask. */
  readonly local: boolean;
}

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;
/** A chain of proxies is short; what is longer is somebody's invention. */
const MAX_HOPS = 16;

/**
 * What a proxy says about its client is believed of the configured proxies only, and of `X-Forwarded-For` the last
 * address that is none of them: everything before it, the client may have written itself.
 */
export class Clients {
  readonly #proxies: readonly Network[];

  constructor(proxies: readonly Network[]) {
    this.#proxies = proxies;
  }

  isProxy(address: string): boolean {
    return this.#proxies.some((network) => isInNetwork(address, network));
  }

  of(incoming: IncomingMessage, protocol: "http" | "https"): FrontClient {
    const peer = peerAddress(incoming.socket.remoteAddress);
    const { headers } = incoming;
    if (!this.isProxy(peer)) {
      // A proxy on this machine that nobody named would otherwise free the whole internet from every limit.
      const local = classify(peer).kind === "loopback" && !isPassedOn(headers);
      return { address: peer, protocol, host: headers.host, local };
    }
    const address = this.#behind(headers["x-forwarded-for"]);
    const said = single(headers["x-forwarded-proto"]);
    const host = single(headers["x-forwarded-host"]);
    return {
      address: address ?? peer,
      protocol: said === "https" || said === "http" ? said : protocol,
      host: host !== undefined && HOST.test(host) ? host : headers.host,
      local: false,
    };
  }

  /** Undefined: the proxy says nothing that is an address. */
  #behind(header: string | string[] | undefined): string | undefined {
    const hops = String(header ?? "").split(",");
    for (let i = hops.length - 1; i >= Math.max(0, hops.length - MAX_HOPS); i--) {
      const hop = peerAddress(hops[i]?.trim());
      if (isIP(hop) === 0) return undefined;
      if (!this.isProxy(hop)) return hop;
    }
    return undefined;
  }
}

/** Of a header that proxies append to, the part that the nearest one wrote. */
function single(header: string | string[] | undefined): string | undefined {
  return String(header ?? "")
    .split(",")
    .at(-1)
    ?.trim();
}
