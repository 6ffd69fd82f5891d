import { parseNetwork } from "./address-class.ts";
import { OutboundGuard, type OutboundRules } from "./outbound-guard.ts";

/** The rules in a form that goes to a worker thread. */
export interface OutboundSettings {
  readonly loopback: "any" | readonly number[];
  /** CIDR; undefined: cameras may be anywhere but where nothing is fetched from. */
  readonly cameraNetworks: readonly string[] | undefined;
  readonly webhookNetworks: readonly string[] | undefined;
}

/** Nothing of this machine. */
export const CLOSED_OUTBOUND: OutboundSettings = {
  loopback: [],
  cameraNetworks: undefined,
  webhookNetworks: undefined,
};

export function outboundRules(settings: OutboundSettings, ownPorts: () => ReadonlySet<number>): OutboundRules {
  const { loopback, cameraNetworks, webhookNetworks } = settings;
  return {
    ownPorts,
    loopback: loopback === "any" ? "any" : new Set(loopback),
    cameraNetworks: cameraNetworks?.map(parseNetwork),
    webhookNetworks: webhookNetworks?.map(parseNetwork),
  };
}

export function createOutboundGuard(settings: OutboundSettings, ownPorts: () => ReadonlySet<number>): OutboundGuard {
  return new OutboundGuard(outboundRules(settings, ownPorts));
}
